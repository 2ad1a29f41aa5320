"""`headrace run --every`, and two syncs of one pipeline at once, in processes of their own."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from headrace.syncing.repeating import keep_repeating
from tests.stories.keeping_up.kept_listing import KeptListing, Mirror
from tests.support.command_line import headrace_apart, headrace_running
from tests.support.servers import Answer
from tests.support.tables import Row, Warehouse

LONGEST = 60.0


def row(number: int) -> Row:
    return {"id": number, "status": "success"}


class Held:
    """A request that has arrived and is answered once it is let go."""

    def __init__(self) -> None:
        self.has_arrived = threading.Event()
        self._is_free = threading.Event()

    def arrive(self) -> None:
        self.has_arrived.set()
        self._is_free.wait(LONGEST)

    def let_go(self) -> None:
        self._is_free.set()


@pytest.fixture
def api() -> Iterator[KeptListing]:
    with KeptListing() as running:
        running.put(*(row(number) for number in range(1, 3_001)))
        yield running


@pytest.fixture
def mirror(api: KeptListing, warehouse: Warehouse) -> Mirror:
    return Mirror(api, warehouse, api.config())


def test_syncs_follow_each_other_until_sigterm(api: KeptListing, mirror: Mirror) -> None:
    last = threading.Event()
    api.at_top(2, lambda: Answer({"message": "not now"}, 403))
    api.at_top(3, lambda: api.put(row(3_001)))
    api.at_top(4, last.set)

    with headrace_running(*mirror.command("--every", "0.5s")) as running:
        assert last.wait(LONGEST)
        running.send_signal(signal.SIGTERM)
        told, warned = running.rest()

    assert running.returncode == 0
    assert told.endswith("Stopped. What was committed stays; run again to go on.\n")
    assert told.count("Loaded ") == 3
    assert 'answers 403 Forbidden and says: "not now"' in warned
    assert "Trying again in 0.5s." in warned
    assert not mirror.faults()


def test_a_full_refresh_that_fails_is_tried_again(api: KeptListing, mirror: Mirror) -> None:
    mirror.sync()
    del api.rows[7]
    last = threading.Event()
    api.at_top(1, lambda: Answer({"message": "not now"}, 403))
    # Behind the refresh that is tried again.
    api.at_top(3, last.set)

    with headrace_running(*mirror.command("--every", "0.3s", "--full-refresh")) as running:
        assert last.wait(LONGEST)
        running.send_signal(signal.SIGTERM)
        running.rest()

    assert running.returncode == 0
    assert not mirror.faults()


@pytest.mark.parametrize("error", [OSError(28, "No space left on device"), KeyError("a fault")])
def test_any_trouble_of_one_sync_is_tried_again(error: Exception) -> None:
    stop = threading.Event()
    told: list[Exception] = []

    def sync_once() -> None:
        if told:
            stop.set()
        else:
            raise error

    keep_repeating(sync_once, 0.01, stop, told.append)

    assert told == [error]


def test_a_data_folder_that_cannot_be_used_is_tried_again(
    mirror: Mirror, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    in_the_way = tmp_path / "data"
    in_the_way.write_text("no folder")
    monkeypatch.setenv("DLT_DATA_DIR", str(in_the_way))

    with headrace_running(*mirror.command("--every", "0.3s")) as running:
        said = [running.stderr.readline() for _ in range(4)]
        in_the_way.unlink()
        loaded = next(line for line in running.stdout if line.startswith("Loaded "))
        running.send_signal(signal.SIGTERM)
        running.rest()

    assert said[0].startswith("Error: the working folder of the pipeline `test` cannot be used")
    assert str(in_the_way) in said[0]
    assert said[1::2] == ["Trying again in 0.3s.\n"] * 2
    assert loaded.startswith("Loaded 3,000 rows")
    assert running.returncode == 0


def test_what_no_waiting_can_mend_ends_at_once(mirror: Mirror) -> None:
    ran = headrace_apart(*mirror.command("--every", "1h", "--destination", "nowhere"))
    assert ran.returncode == 2
    assert "`nowhere` is no destination" in ran.stderr


def test_an_output_that_is_closed_ends_nothing(api: KeptListing, mirror: Mirror) -> None:
    again = threading.Event()
    api.at_top(3, again.set)

    with headrace_running(*mirror.command("--every", "0.3s")) as running:
        running.stdout.close()
        assert again.wait(LONGEST)
        # As when the terminal is shut.
        running.send_signal(signal.SIGHUP)
        running.wait()

    assert running.returncode == 0
    assert not mirror.faults()


def test_sigint_ends_a_long_sync_after_the_leg_under_way(api: KeptListing, mirror: Mirror) -> None:
    held = Held()
    api.at_request(20, held.arrive)

    with headrace_running(*mirror.command("--every", "1h")) as running:
        assert held.has_arrived.wait(LONGEST)
        running.send_signal(signal.SIGINT)
        held.let_go()
        told, warned = running.rest()

    assert (running.returncode, warned) == (0, "")
    assert "Stopped before the source had no more; the next run goes on from here." in told
    loaded = mirror.counted("executions")
    assert 20 * 50 <= loaded < 3_000
    assert f"Loaded {loaded:,} rows" in told

    api.forget_requests()
    mirror.sync()
    # The top, then the rest from where it was.
    assert len(api.asked) == 1 + (3_000 - loaded) // 50
    assert not mirror.faults()


def test_two_syncs_of_one_pipeline_at_once(api: KeptListing, mirror: Mirror) -> None:
    held = Held()
    api.at_request(1, held.arrive)

    with headrace_running(*mirror.command()) as first:
        assert held.has_arrived.wait(LONGEST)
        second = mirror.headrace_run()
        held.let_go()
        told, _ = first.rest()

    assert second.exit_code == 1
    assert f"pipeline `test` is being synced by process {first.pid} since " in second.stderr
    assert "Wait until that sync ends, or stop it." in second.stderr
    assert first.returncode == 0
    assert "Loaded 3,000 rows" in told
    assert mirror.counted("_dlt_loads") == 1
    assert not mirror.faults()
