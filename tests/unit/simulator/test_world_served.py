"""A world on a real socket: hooks, threads, and the command that serves one."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from http.client import HTTPConnection
from urllib.parse import urlsplit

import pytest

from headrace.simulator import Pace, RealTime, Simulator, World, real_time

from .asking import all_rows, ask, listing
from .worlds import ids


def first_page(base_url: str) -> tuple[int, bytes]:
    with closing(HTTPConnection(urlsplit(base_url).netloc, timeout=30)) as connection:
        connection.request("GET", "/api/v1/executions", headers={"X-API-KEY": "simulator"})
        response = connection.getresponse()
        return response.status, response.read()


def newest_ids(base_url: str) -> Iterator[int]:
    for _ in range(10_000):
        yield json.loads(first_page(base_url)[1])["data"][0]["id"]


def test_a_simulator_shows_a_world() -> None:
    world = World(rows=300, pace=Pace.still(), string_ids=True)
    with Simulator(world=world) as simulator:
        hidden, shown = world.start(), world.start()
        world.finish(shown)
        world.delete(7)

        assert all_rows(simulator, "/executions", limit=100) == list(world.listed())
        assert ask(simulator, "/executions", status="running").body["data"][0]["id"] == str(hidden)
        assert ask(simulator, f"/executions/{hidden}").body == world.execution(hidden)
        assert ask(simulator, "/executions/7").status == 404
        assert ask(simulator, f"/executions/{shown + 1}").status == 404
        assert len(all_rows(simulator, "/workflows")) == 12
        assert list(simulator.truth()) == list(world.truth())
        assert simulator.blocks_computed == world.blocks_computed == 1


def test_an_expired_cursor_is_refused_as_any_bad_one() -> None:
    world = World(rows=10, pace=Pace.still())
    with Simulator(world=world) as simulator:
        cursor = ask(simulator, "/executions", limit=4).body["nextCursor"]
        world.expire_cursors()
        answer = ask(simulator, "/executions", cursor=cursor)

    assert (answer.status, answer.body) == (400, {"message": "An invalid cursor was provided"})


def test_things_happen_between_two_pages() -> None:
    world = World(rows=10, pace=Pace.still())
    slow = world.start()

    def happen(request: int) -> None:
        if request == 2:
            world.finish(world.start())
            world.finish(slow)
            world.delete(5)

    with Simulator(world=world, on_request=happen) as simulator:
        pages = [ids(page) for page in listing(simulator, "/executions", limit=4)]
        assert pages == [[10, 9, 8, 7], [6, 4, 3, 2], [1]]
        assert ids(all_rows(simulator, "/executions")) == [12, 11, 10, 9, 8, 7, 6, 4, 3, 2, 1]


def test_each_request_is_counted_before_its_answer() -> None:
    numbers: list[int] = []
    with Simulator(rows=10, on_request=numbers.append) as simulator:
        for path in ("/executions", "/executions/3", "/nope"):
            ask(simulator, path)

    assert numbers == [1, 2, 3]


def test_an_error_in_the_hook_comes_back_at_the_end() -> None:
    world = World(rows=10, pace=Pace.still())
    simulator = Simulator(world=world, on_request=lambda request: world.delete(99))
    with pytest.raises(LookupError, match="there is no execution 99"), simulator:
        assert first_page(simulator.base_url)[0] == 500


def test_a_world_has_its_own_rows() -> None:
    with pytest.raises(ValueError, match=r"give them to World\(\.\.\.\)"):
        Simulator(rows=10, world=World(rows=10))


@pytest.mark.parametrize(
    "step",
    [
        lambda world: world.advance(1),
        lambda world: world.reserve(),
        lambda world: world.start(),
        lambda world: world.finish(11),
        lambda world: world.park(11, 60),
        lambda world: world.wake(12),
        lambda world: world.retry(13),
        lambda world: world.mark_retried(14),
        lambda world: world.delete(1),
        lambda world: world.prune(above_rows=3),
        lambda world: world.expire_cursors(),
        lambda world: world.page({}),
        lambda world: world.execution(1),
        lambda world: world.truth(),
        lambda world: world.listed(),
    ],
)
def test_nothing_happens_while_another_thread_holds_the_lock(
    step: Callable[[World], object],
) -> None:
    world = World(rows=10, pace=Pace.still())
    _, parked, failed = world.start(), world.start(), world.start()
    world.park(parked, 60)
    world.finish(failed, "error")
    world.finish(world.retry(failed))
    other = threading.Thread(target=step, args=[world])

    with world.lock:
        other.start()
        other.join(0.02)
        assert other.is_alive()
    other.join(30)
    assert not other.is_alive()


def test_real_time_brings_a_world_up_to_date(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = iter([100.0, 100.0004, 100.0008, 102.0, 102.0])
    monkeypatch.setattr(real_time, "monotonic", lambda: next(clock))
    world = World(rows=0, pace=Pace.still())
    began = world.now
    catch_up = RealTime(world, speed=60)

    passed = []
    for request in range(1, 4):
        catch_up(request)
        passed.append(round(world.now - began, 3))
    world.advance(3_600)
    catch_up(4)

    assert passed == [0.024, 0.048, 120]
    assert world.now - began == 3_720


def test_the_command_serves_a_living_world() -> None:
    command = [sys.executable, "-m", "headrace", "simulate", "--port", "0", "--rows", "300"]
    with subprocess.Popen(
        [*command, "--living", "--speed", "36000"], stdout=subprocess.PIPE, text=True
    ) as serving:
        assert serving.stdout is not None
        announced = [serving.stdout.readline() for _ in range(3)]
        base_url = next(word for word in announced[0].split() if word.startswith("http"))
        # A millisecond is half a minute, in which some executions start.
        newest = next(found for found in newest_ids(base_url) if found > 300)
        serving.send_signal(signal.SIGTERM)
        assert serving.wait(30) == 0

    assert announced[0].startswith("Serving 300 executions at http")
    assert announced[2].startswith("They are alive: 36,000 seconds")
    assert newest > 300


def test_the_command_serves_what_the_newer_release_does() -> None:
    options = ["--like", "2.41", "--gaps", "20", "--payload", "5000", "--slow-counts", "--living"]
    with subprocess.Popen(
        [sys.executable, "-m", "headrace", "simulate", "--port", "0", "--rows", "300", *options],
        stdout=subprocess.PIPE,
        text=True,
    ) as serving:
        assert serving.stdout is not None
        told = serving.stdout.readline()
        base_url = next(word for word in told.split() if word.startswith("http"))
        status, body = first_page(base_url)
        serving.send_signal(signal.SIGTERM)
        assert serving.wait(30) == 0

    assert told.startswith("Serving 300 ids, a fourth without executions, at http")
    assert status == 200
    assert {type(row["id"]) for row in json.loads(body)["data"]} == {str}


def test_a_speed_without_life_is_a_mistake() -> None:
    ran = subprocess.run(
        [sys.executable, "-m", "headrace", "simulate", "--speed", "5"],
        capture_output=True,
        text=True,
    )

    assert ran.returncode == 2
    assert "time passes only with --living" in ran.stderr


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (["--like", "2.30"], "2.30 is no release: say 2.20 or 2.41"),
        (["--gaps", "5"], "this goes with --like 2.41"),
        (["--payload", "5"], "this goes with --like 2.41"),
    ],
)
def test_what_only_another_release_does_is_a_mistake(options: list[str], told: str) -> None:
    ran = subprocess.run(
        [sys.executable, "-m", "headrace", "simulate", *options], capture_output=True, text=True
    )

    assert ran.returncode == 2
    assert told in ran.stderr
