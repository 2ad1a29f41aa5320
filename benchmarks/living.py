"""Serves executions that change when told to.

    python -m benchmarks.living --rows 1000000

Takes commands on its standard input, a line each, and answers each with a line: `change` lets ten
executions start, of which three go on running, and retries an old one; `requests` tells how many
requests came since it was asked last.
"""

from __future__ import annotations

import argparse
import sys
from itertools import islice

from headrace.simulator import Pace, Simulator, World

NEW = 10
STILL_RUNNING = 3
# So many failed rows are left out, so that the retried one is some thousand rows old.
_NEWER_ERRORS = 100


def change(world: World) -> None:
    """Lets ten executions start, of which three go on running; one of them retries an old one."""
    errors = islice(world.listed(status="error"), _NEWER_ERRORS, None)
    old = next(row["id"] for row in errors if row["retrySuccessId"] is None)
    started = [world.start() for _ in range(NEW - 1)]
    world.advance(60)
    for number in started[STILL_RUNNING:]:
        world.finish(number)
    world.finish(world.retry(old))
    world.advance(60)


def main() -> None:
    """Serves until the input ends."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000)
    world = World(rows=parser.parse_args().rows, pace=Pace.still())
    with Simulator(world=world) as simulator:
        print(simulator.base_url, flush=True)
        for command in sys.stdin:
            if command.strip() == "change":
                change(world)
                print("changed", flush=True)
            else:
                print(len(simulator.requests), flush=True)
                simulator.requests.clear()


if __name__ == "__main__":
    main()
