"""One reading of a listing to Arrow in a process of its own: prints what it took as JSON."""

from __future__ import annotations

import argparse

from benchmarks.clock import Clock
from benchmarks.loading import import_all
from benchmarks.shapes import SHAPES


def main() -> None:
    """Reads all rows, batch by batch."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--shape", choices=SHAPES, default="executions")
    parser.add_argument("--base-url", required=True)
    arguments = parser.parse_args()
    import headrace
    import headrace.dlt_source.plain_reading

    import_all("headrace")
    config = SHAPES[arguments.shape].config(arguments.base_url)
    clock = Clock()
    with headrace.read(config) as reader:
        rows = sum(batch.num_rows for batch in reader)
    clock.stop()
    clock.tell(rows)


if __name__ == "__main__":
    main()
