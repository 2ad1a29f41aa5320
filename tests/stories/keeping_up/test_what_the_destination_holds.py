"""Nothing is believed of a table that its destination does not hold.

What is known of a listing lies in the pipeline's local folder as well as in the destination, beside
the rows. Whatever happens to one of the two, the table is as the API again after one more sync.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import dlt
import pytest

from headrace import HeadraceError, SyncError, SyncReport, rest_api_source, sync, verify
from headrace.destination.sql import connect_to_dataset
from tests.stories.keeping_up.kept_listing import KeptListing
from tests.support.kept_databases import release_databases
from tests.support.postgres import PostgresDatabase, PostgresServer
from tests.support.servers import Answer
from tests.support.tables import Row, Warehouse, differences

DATASET = "mirror_data"


def row(number: int, **fields: Any) -> Row:
    return {"id": number, "status": "success", **fields}


@dataclass
class Mirror:
    """A table that keeps up with a listing, on one of several machines.

    Args:
        api: The listing.
        place: The destination.
        folder: Where the machines have their folders.
        restore: Brings the database back as it was when it was called first.
        empty: Deletes the database; a new one is there where a sync does not make it itself.
    """

    api: KeptListing
    place: Warehouse | PostgresDatabase
    folder: Path
    restore: Callable[[], Callable[[], None]]
    empty: Callable[[], None]
    machine: str = "first"

    def pipeline(self) -> dlt.Pipeline:
        pipeline: dlt.Pipeline = dlt.pipeline(
            "mirror",
            destination=self.place.pipeline().destination,
            dataset_name=DATASET,
            pipelines_dir=str(self.folder / self.machine),
        )
        return pipeline

    def sync(self, **settings: Any) -> SyncReport:
        return sync(self.pipeline(), rest_api_source(self.api.config()), **settings)

    def execute(self, statement: str) -> None:
        with connect_to_dataset(self.pipeline()) as database:
            database.execute(statement.format(table=database.qualified("executions")))

    def execute_elsewhere(self, statement: str) -> None:
        self.machine = "second"
        self.pipeline().sync_destination()
        self.execute(statement)
        self.machine = "first"

    def differences(self) -> list[str]:
        rows = self.place.rows(f"{DATASET}.executions")
        return differences(rows, list(self.api.rows.values()), key="id")


@pytest.fixture
def api() -> Iterator[KeptListing]:
    with KeptListing() as running:
        running.put(*(row(number) for number in range(1, 201)))
        yield running


@pytest.fixture(params=["duckdb", "postgres"])
def mirror(api: KeptListing, tmp_path: Path, request: pytest.FixtureRequest) -> Mirror:
    if request.param == "duckdb":
        warehouse: Warehouse = request.getfixturevalue("warehouse")
        file = warehouse.file
        return Mirror(api, warehouse, tmp_path, lambda: backup_of_file(file), lambda: delete(file))
    postgres: PostgresDatabase = request.getfixturevalue("postgres")
    server: PostgresServer = request.getfixturevalue("postgres_server")
    return Mirror(
        api,
        postgres,
        tmp_path,
        lambda: backup_of_database(server, postgres),
        lambda: make_anew(server, postgres),
    )


def backup_of_file(file: Path) -> Callable[[], None]:
    release_databases()
    copy = shutil.copy(file, file.with_suffix(".backup"))

    def restore() -> None:
        release_databases()
        shutil.copy(copy, file)

    return restore


def backup_of_database(server: PostgresServer, database: PostgresDatabase) -> Callable[[], None]:
    name = database.url.rpartition("/")[2]
    server.execute(f"CREATE DATABASE {name}_backup TEMPLATE {name}")

    def restore() -> None:
        server.execute(f"DROP DATABASE {name} WITH (FORCE)")
        server.execute(f"ALTER DATABASE {name}_backup RENAME TO {name}")

    return restore


def delete(file: Path) -> None:
    release_databases()
    file.unlink()


def make_anew(server: PostgresServer, database: PostgresDatabase) -> None:
    name = database.url.rpartition("/")[2]
    server.execute(f"DROP DATABASE {name} WITH (FORCE)")
    server.execute(f"CREATE DATABASE {name}")


def test_a_database_that_is_restored_from_a_backup(api: KeptListing, mirror: Mirror) -> None:
    mirror.sync()
    restore = mirror.restore()
    api.put(*(row(number) for number in range(201, 401)))
    mirror.sync()
    restore()
    api.put(row(401))

    report = mirror.sync()

    assert not mirror.differences()
    assert report.figures.total.loaded_rows == 201
    assert any("what the destination holds" in note for note in report.figures.notes)
    assert not mirror.sync().figures.notes


def test_a_table_that_was_dropped(api: KeptListing, mirror: Mirror) -> None:
    mirror.sync()
    mirror.execute("DROP TABLE {table}")
    api.put(row(201))

    report = mirror.sync()

    assert not mirror.differences()
    assert any("`executions` is not there any more" in note for note in report.figures.notes)
    assert not mirror.sync().figures.notes


def test_a_dataset_that_was_dropped(api: KeptListing, mirror: Mirror) -> None:
    mirror.sync()
    with connect_to_dataset(mirror.pipeline()) as database:
        database.execute(f"DROP SCHEMA {DATASET} CASCADE")
    api.put(row(201))

    report = mirror.sync()

    assert not mirror.differences()
    assert any(f"`{DATASET}` holds nothing" in note for note in report.figures.notes)
    assert not mirror.sync().figures.notes


def test_a_type_that_changed_after_the_dataset_was_dropped(
    api: KeptListing, mirror: Mirror
) -> None:
    api.put(*(row(number, seconds=1) for number in api.rows))
    mirror.sync()
    with connect_to_dataset(mirror.pipeline()) as database:
        database.execute(f"DROP SCHEMA {DATASET} CASCADE")
    api.put(*(row(number, seconds=1.5) for number in api.rows))

    mirror.sync()

    assert not mirror.differences()


def test_a_dataset_of_its_own_with_the_name_of_one_for_merges(
    api: KeptListing, mirror: Mirror
) -> None:
    api.also_answer("/other", [{"id": 7}])
    other = dlt.pipeline(
        "other",
        destination=mirror.place.pipeline().destination,
        dataset_name=f"{DATASET}_staging",
        pipelines_dir=str(mirror.folder / "other"),
    )
    sync(other, rest_api_source({**api.config(), "resources": ["other"]}))

    mirror.sync()

    assert not mirror.differences()
    assert mirror.place.query(f"SELECT id FROM {DATASET}_staging.other") == [(7,)]


def test_a_database_that_was_deleted(api: KeptListing, mirror: Mirror) -> None:
    mirror.sync()
    mirror.empty()
    api.put(row(201))

    report = mirror.sync()

    assert not mirror.differences()
    assert any(f"`{DATASET}` holds nothing" in note for note in report.figures.notes)
    assert not mirror.sync().figures.notes


def test_two_machines_in_turn(api: KeptListing, mirror: Mirror) -> None:
    for number in range(201, 205):
        api.put(row(number))
        mirror.machine = "first" if number % 2 else "second"
        mirror.sync()
        assert not mirror.differences()


def test_a_local_folder_that_is_lost(api: KeptListing, mirror: Mirror) -> None:
    mirror.sync()
    shutil.rmtree(mirror.folder / mirror.machine)
    api.put(row(201))
    api.forget_requests()

    mirror.sync()

    assert not mirror.differences()
    assert api.pages_asked == [None]


@pytest.mark.parametrize("first", ["drop_pending", "full_refresh"])
def test_a_load_that_is_left_behind_does_not_block_a_new_start(
    first: str, api: KeptListing, mirror: Mirror
) -> None:
    mirror.sync()
    api.put(row(201))
    pipeline = mirror.pipeline()
    pipeline.extract(rest_api_source(api.config()))
    mirror.execute("DROP TABLE {table}")

    mirror.sync(**{first: True})

    assert not mirror.differences()


@pytest.mark.parametrize("deleted", ["id > 0", "id > 150"])
def test_newest_rows_that_were_deleted_come_again(
    deleted: str, api: KeptListing, mirror: Mirror
) -> None:
    mirror.sync()
    mirror.execute(f"DELETE FROM {{table}} WHERE {deleted}")
    api.put(row(201))

    report = mirror.sync()

    assert not mirror.differences()
    assert any("its newest among them" in note for note in report.figures.notes)
    api.forget_requests()
    assert not mirror.sync().figures.notes
    assert api.pages_asked == [None]


@pytest.mark.parametrize("deleted", ["id > 0", "id > 150"])
def test_a_listing_that_is_to_be_read_anew_is_so_after_a_failure(
    deleted: str, api: KeptListing, mirror: Mirror
) -> None:
    mirror.sync()
    mirror.execute(f"DELETE FROM {{table}} WHERE {deleted}")
    api.at_request(1, lambda: Answer({"message": "not now"}, 403))
    with pytest.raises(HeadraceError):
        mirror.sync()

    mirror.sync()

    assert not mirror.differences()


def test_newest_rows_that_are_deleted_again_stay_deleted_once_that_was_told(
    api: KeptListing, mirror: Mirror
) -> None:
    mirror.sync()
    mirror.execute("DELETE FROM {table} WHERE id > 150")
    mirror.sync()
    mirror.execute("DELETE FROM {table} WHERE id > 150")
    with pytest.raises(SyncError, match=r"rows deleted out of .* --repair"):
        mirror.sync()

    api.forget_requests()
    assert not mirror.sync().figures.notes
    mirror.execute("DELETE FROM {table}")
    assert len(mirror.sync().figures.notes) == 1
    assert not mirror.sync().figures.notes
    assert len(api.asked) == 3


def test_an_emptied_table_is_noticed_without_a_local_folder(
    api: KeptListing, mirror: Mirror
) -> None:
    mirror.sync()
    shutil.rmtree(mirror.folder / mirror.machine)
    mirror.execute_elsewhere("DELETE FROM {table}")

    mirror.sync()

    assert not mirror.differences()


@pytest.mark.parametrize("deleted", ["id < 50", "id BETWEEN 90 AND 100"])
def test_other_rows_that_were_deleted_are_told_of_once_with_what_to_do(
    deleted: str, api: KeptListing, mirror: Mirror
) -> None:
    mirror.sync()
    mirror.execute(f"DELETE FROM {{table}} WHERE {deleted}")
    api.forget_requests()

    with pytest.raises(SyncError, match=r"rows deleted out of .* headrace verify CONFIG --repair"):
        mirror.sync()
    assert not api.asked

    assert not mirror.sync().figures.notes
    assert len(api.asked) == 1
    mirror.execute("DELETE FROM {table} WHERE id = 60")
    assert "since the last sync: 1" in mirror.sync().figures.notes[0]
    assert verify(mirror.pipeline(), rest_api_source(api.config()), repair=True).ok
    assert not mirror.differences()


def test_loads_of_others_are_no_deleted_rows(api: KeptListing, mirror: Mirror) -> None:
    mirror.sync()
    api.put(row(201))
    mirror.pipeline().run(rest_api_source(api.config()))
    mirror.execute("DELETE FROM {table} WHERE id < 10")

    assert not mirror.sync().figures.notes
