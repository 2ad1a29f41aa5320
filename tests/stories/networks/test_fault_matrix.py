"""A server misbehaves in each way that the simulator knows: what the sync does, says and loads."""

from __future__ import annotations

import os
import re
import shutil
import ssl
import subprocess
import sys
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
import trustme
from typer.testing import CliRunner

from headrace.cli.app import app
from headrace.simulator import FAULTS, Faults, Outcome, Pace, Simulator, World
from tests.stories.loading.test_recorded_server import typed
from tests.stories.networks.fault_matrix import CASES, Case, matrix, shown_matrix
from tests.support.kept_databases import release_databases
from tests.support.tables import Row, Warehouse

KEY = "very-secret-key"
ROWS, NEW_ROWS, PAGE_ROWS = 40, 60, 20
FAULTY_PAGE = 3
# The rows that are hidden are listed first.
FAULTY_REQUEST = FAULTY_PAGE + 1
MIB = 1024 * 1024
QUICK = {
    "resources.executions.endpoint.paginator.limit": PAGE_ROWS,
    "client.retry.backoff_factor": 0.01,
    "client.retry.max_attempts": 2,
    "client.max_response_bytes": MIB,
}
SETTINGS = {
    "timeout": "client.timeout",
    "max_response_bytes": "client.max_response_bytes",
    "late_rows": "resources.executions.endpoint.incremental.late_rows",
}


def of(*outcomes: Outcome) -> list[Case]:
    return [case for case in CASES if FAULTS[case.fault].outcome in outcomes]


@dataclass
class Loaded:
    """A world whose first rows are loaded, and whose others are new since then.

    Args:
        world: that changes no more.
        folder: with the table, and what dlt keeps of the pipeline.
        before: the rows that are in the table.
    """

    world: World
    folder: Path
    before: list[Row]

    @property
    def all_rows(self) -> list[Row]:
        return rows_of(self.world)


def rows_of(api: World | Simulator) -> list[Row]:
    return sorted((typed(row) for row in api.truth()), key=lambda row: row["id"])


@pytest.fixture(scope="module")
def loaded(tmp_path_factory: pytest.TempPathFactory) -> Loaded:
    folder = tmp_path_factory.mktemp("loaded")
    world = World(rows=ROWS, pace=Pace.still())
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        patch.setenv("DLT_DATA_DIR", str(folder / "dlt"))
        patch.setenv("RUNTIME__DLTHUB_TELEMETRY", "false")
        with serving(world, patch, None):
            assert CliRunner().invoke(app, command(Warehouse(folder))).exit_code == 0
    before = rows_of(world)
    for _ in range(NEW_ROWS):
        world.finish(world.start())
    return Loaded(world, folder, before)


@contextmanager
def serving(
    world: World,
    environment: pytest.MonkeyPatch,
    faults: str | None,
    tls: ssl.SSLContext | None = None,
) -> Iterator[Simulator]:
    parsed = None if faults is None else Faults.parse(faults)
    with Simulator(world=world, api_key=KEY, faults=parsed, tls=tls) as simulator:
        environment.setenv("API_KEY", KEY)
        environment.setenv("EXECUTIONS_BASE_URL", simulator.base_url)
        yield simulator


def command(warehouse: Warehouse, **settings: object) -> list[str]:
    given = {**QUICK, **{SETTINGS[name]: value for name, value in settings.items()}}
    sets = [f"--set={name}={value}" for name, value in given.items()]
    return ["run", "executions", "--destination", warehouse.url, *sets]


class Mirror:
    """What was loaded, in a folder of the test's own, to sync into."""

    def __init__(self, loaded: Loaded, folder: Path, environment: pytest.MonkeyPatch) -> None:
        shutil.copytree(loaded.folder, folder, dirs_exist_ok=True)
        self._loaded = loaded
        self._environment = environment
        self.warehouse = Warehouse(folder)

    def serving(
        self, faults: str | None, tls: ssl.SSLContext | None = None
    ) -> AbstractContextManager[Simulator]:
        """The world, served with these faults to whoever looks for it."""
        return serving(self._loaded.world, self._environment, faults, tls)

    def sync(self, faults: str | None, **settings: object) -> tuple[int, str, int]:
        """Exit code, all that was said, and how many answers were bad ones."""
        with self.serving(faults) as simulator:
            ran = CliRunner().invoke(app, command(self.warehouse, **settings))
        assert KEY not in ran.output
        assert "Traceback" not in ran.output
        return ran.exit_code, ran.output, sum(bool(asked.fault) for asked in simulator.requests)

    def rows(self) -> list[Row]:
        return self.warehouse.rows("executions_dataset.executions")


@pytest.fixture
def mirror(loaded: Loaded, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Mirror:
    return Mirror(loaded, tmp_path, monkeypatch)


def settings_for(case: Case) -> dict[str, object]:
    # The time is up soon where it has to be waited for.
    return {"timeout": 0.5} if case.fault in {"stall", "drip"} else {}


def each(cases: list[Case]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("case", cases, ids=lambda case: case.fault)


@each(of(Outcome.PASSES))
def test_what_comes_once_passes_and_what_comes_again_and_again_fails(
    case: Case, mirror: Mirror, loaded: Loaded
) -> None:
    code, said, bad = mirror.sync(f"{case.fault}@{FAULTY_REQUEST}+", **settings_for(case))
    assert (code, bad) == (1, 2), said
    assert "Asked 2 times" in said
    for part in case.told:
        assert part in said
    assert mirror.rows() == loaded.before

    code, said, bad = mirror.sync(f"{case.fault}@{FAULTY_REQUEST}", **settings_for(case))
    assert (code, bad) == (0, 1), said
    assert "1 retry" in said
    assert mirror.rows() == loaded.all_rows


@each([case for case in of(Outcome.FAILS) if not FAULTS[case.fault].needs_tls])
def test_what_only_fails_fails_at_once_and_loses_nothing(
    case: Case, mirror: Mirror, loaded: Loaded
) -> None:
    code, said, bad = mirror.sync(f"{case.fault}@{FAULTY_REQUEST}+")
    assert (code, bad) == (1, 2 if case.fault == "404" else 1), said
    assert "Asked" not in said
    for part in case.told:
        assert part in said
    assert mirror.rows() == loaded.before

    code, said, _ = mirror.sync(None)
    assert code == 0, said
    assert mirror.rows() == loaded.all_rows


@each(of(Outcome.HARMLESS))
def test_what_is_harmless_does_no_harm(case: Case, mirror: Mirror, loaded: Loaded) -> None:
    code, said, bad = mirror.sync(f"{case.fault}@{FAULTY_REQUEST}")
    assert (code, bad) == (0, 1), said
    for part in case.told:
        assert part in said
    assert mirror.rows() == loaded.all_rows


@each(of(Outcome.COSTS_A_ROW))
@pytest.mark.parametrize("late_rows", ["none", "probe"])
def test_a_row_that_cannot_be_loaded_takes_no_other_with_it(
    case: Case, late_rows: str, mirror: Mirror, loaded: Loaded
) -> None:
    code, said, bad = mirror.sync(f"{case.fault}@{FAULTY_REQUEST}", late_rows=late_rows)
    assert (code, bad) == (0, 1), said
    for part in case.told:
        assert part in said
    newest = NEW_ROWS + ROWS - (FAULTY_PAGE - 1) * PAGE_ROWS
    # Its place among the keys is empty: where such rows are asked for, it comes by its own path.
    lost = {newest} if late_rows == "none" else set()
    assert mirror.rows() == [row for row in loaded.all_rows if row["id"] not in lost]
    ((raw,),) = mirror.warehouse.query(
        "SELECT raw_row FROM executions_dataset._headrace_quarantine"
    )
    assert f'"id":{newest},' in raw


def test_the_documentation_shows_what_the_tests_check() -> None:
    assert sorted(case.fault for case in CASES) == sorted(FAULTS)
    assert shown_matrix() == matrix(), "run python -m tests.stories.networks.fault_matrix"


# As programs of their own

# Prints what the process held at most, from when it became this program.
MEASURED = """
import atexit, re
from headrace.cli import main

def tell():
    status = open("/proc/self/status").read()
    print(f"VmHWM {int(re.search(r'VmHWM:[^0-9]*([0-9]+) kB', status)[1])} kB")

atexit.register(tell)
main()
"""


def run_apart(warehouse: Warehouse, *program: str, **settings: object) -> tuple[int, str]:
    """Exit code and all that was said by a process of its own."""
    release_databases()
    ran = subprocess.run(
        [sys.executable, *program, *command(warehouse, **settings)],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
        env={**os.environ, "COLUMNS": "200"},
    )
    assert KEY not in ran.stdout
    return ran.returncode, ran.stdout


def test_two_programs_meet_over_a_bad_network(
    warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HEADRACE_SIMULATOR_KEY", KEY)
    simulate = [sys.executable, "-m", "headrace", "simulate", "--port", "0", "--rows", "60"]
    with subprocess.Popen(
        [*simulate, "--faults", "503@2, reset@4, html@7+"], stdout=subprocess.PIPE, text=True
    ) as server:
        assert server.stdout is not None
        told = [server.stdout.readline() for _ in range(3)]
        assert "answered badly: 503@2, reset@4, html@7+." in told[2]
        address = re.search(r"http://\S+", told[0])
        assert address is not None
        monkeypatch.setenv("EXECUTIONS_BASE_URL", address[0])
        monkeypatch.setenv("API_KEY", KEY)
        code, said = run_apart(warehouse, "-m", "headrace")
        assert code == 0, said
        assert "2 retries" in said
        code, said = run_apart(warehouse, "-m", "headrace")
        assert code == 1, said
        assert "<title>Log in</title>" in said
        server.terminate()
    assert warehouse.rows("executions_dataset.executions") == rows_of(Simulator(rows=60))


def test_a_gzip_bomb_costs_little_memory(mirror: Mirror, loaded: Loaded) -> None:
    with mirror.serving("bomb@3") as simulator:
        code, said = run_apart(mirror.warehouse, "-c", MEASURED, max_response_bytes=64 * MIB)
    assert [asked.fault for asked in simulator.requests] == [None, None, "bomb"]
    assert code == 1
    assert "the answer is larger than 67,108,864 bytes" in said
    held = re.search(r"VmHWM (\d+) kB", said)
    assert held is not None
    assert int(held[1]) < 400 * 1024
    assert mirror.rows() == loaded.before


def test_a_key_does_not_go_from_https_to_http(
    mirror: Mirror, loaded: Loaded, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (case,) = [case for case in CASES if FAULTS[case.fault].needs_tls]
    authority = trustme.CA()
    authority.cert_pem.write_to_path(str(tmp_path / "authority.pem"))
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "authority.pem"))
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(tls)
    with mirror.serving(f"{case.fault}@{FAULTY_REQUEST}", tls) as simulator:
        assert simulator.base_url.startswith("https://")
        code, said = run_apart(mirror.warehouse, "-m", "headrace")
        assert code == 1, said
        for part in case.told:
            assert part in said
        assert mirror.rows() == loaded.before
        assert len(simulator.requests) == FAULTY_REQUEST
        code, said = run_apart(mirror.warehouse, "-m", "headrace")
        assert code == 0, said
    assert mirror.rows() == loaded.all_rows
