"""What was measured: as a record that JSON holds, and as a table for readers."""

from __future__ import annotations

import statistics
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

from benchmarks.machine import machine, versions
from benchmarks.roads import Road, Run

Record = dict[str, Any]

RECORD = Path(__file__).parent / "results.json"
BEGIN = "<!-- What stands up to the next such line is written by `python -m benchmarks.all` -->"
END = "<!-- Up to here -->"


def record(measured: list[tuple[Road, dict[str, list[Run]]]], runs: int) -> Record:
    """All of one command's runs, and what they ran on.

    Args:
        measured: the roads with the runs of each contender.
        runs: of each contender.
    """
    return {
        "runs": runs,
        "machine": machine(),
        "versions": versions(),
        "roads": [
            {
                "name": road.name,
                "title": road.title,
                "peers": road.peers,
                "by_cpu": road.by_cpu,
                "contenders": [
                    {"name": name, "runs": [asdict(run) for run in each]}
                    for name, each in found.items()
                ],
            }
            for road, found in measured
        ],
    }


def pace(road: Record, run: Record) -> float:
    """Rows a second, or loads a second where no rows are counted."""
    taken: float = run["cpu_seconds" if road["by_cpu"] else "seconds"]
    return (run["rows"] or 1) / taken


def ratio(road: Record, contender: Record, peer: Record) -> dict[str, float]:
    """How many times as fast as a peer: of the medians, and the least and the most of a turn."""
    ours, theirs = ([pace(road, run) for run in each["runs"]] for each in (contender, peer))
    turns = [mine / its for mine, its in zip(ours, theirs, strict=False)]
    median = statistics.median(ours) / statistics.median(theirs)
    return {"median": median, "least": min(turns), "most": max(turns)}


def ratios(road: Record, contender: Record) -> dict[str, dict[str, float]]:
    """The ratios to the peers of the road, by name; none to itself."""
    return {
        peer["name"]: ratio(road, contender, peer)
        for peer in road["contenders"]
        if peer["name"] in road["peers"] and peer is not contender
    }


def _figure(value: float) -> str:
    return f"{value:.0f}" if value >= 20 else f"{value:.1f}" if value >= 2 else f"{value:.2f}"


def _times(found: dict[str, float] | None) -> str:
    if found is None:
        return ""
    median, least, most = (_figure(found[key]) for key in ("median", "least", "most"))
    return median if least == most else f"{median} ({least} to {most})"


def _cells(road: Record, contender: Record, peers: list[str]) -> list[str]:
    runs = contender["runs"]
    seconds, cpu = (
        statistics.median(run[key] for run in runs) for key in ("seconds", "cpu_seconds")
    )
    rows = runs[0]["rows"]
    found = ratios(road, contender)
    return [
        contender["name"],
        f"{rows:,}" if rows else "",
        f"{rows / seconds:,.0f}" if rows else "",
        f"{seconds:.2f}",
        f"{cpu:.2f}",
        f"{max(run['peak_bytes'] for run in runs) / 1e6:,.0f}",
        *(_times(found.get(peer)) for peer in peers),
    ]


def _lines(roads: list[Record]) -> Iterator[list[str]]:
    peers = list(dict.fromkeys(peer for road in roads for peer in road["peers"]))
    yield ["", "rows", "rows/s", "s", "CPU s", "MB", *(f"x {peer}" for peer in peers)]
    for road in roads:
        yield [f"**{road['title']}**"] + [""] * (5 + len(peers))
        for contender in road["contenders"]:
            yield _cells(road, contender, peers)


def table(found: Record, names: tuple[str, ...] = ()) -> str:
    """The table in Markdown, its columns wide enough to be read as text.

    Args:
        found: a record.
        names: of the roads to show; all where there are none.
    """
    lines = list(_lines([road for road in found["roads"] if not names or road["name"] in names]))
    widths = [max(len(cell) for cell in column) for column in zip(*lines, strict=True)]
    ruled = ["-" * widths[0], *("-" * (width - 1) + ":" for width in widths[1:])]

    def shown(cells: list[str]) -> str:
        first, *rest = (
            cell.rjust(width) if place else cell.ljust(width)
            for place, (cell, width) in enumerate(zip(cells, widths, strict=True))
        )
        return f"| {' | '.join((first, *rest))} |"

    return "\n".join(shown(cells) for cells in (lines[0], ruled, *lines[1:]))


def conditions(found: Record) -> str:
    """What the runs ran on, in a sentence."""
    on, with_ = found["machine"], found["versions"]
    named = ", ".join(f"{name} {version}" for name, version in with_.items())
    return (
        f"Medians of {found['runs']} runs in turn, in brackets the least and the most, on "
        f"{on['cores']} cores, {on['processor']}, {on['memory_gb']} GB of memory, {on['system']}; "
        f"{named}."
    )


def replaced(text: str, found: Record, names: tuple[str, ...] = ()) -> str:
    """A document with its table made anew.

    Args:
        text: of the document; the table stands between two comments.
        found: a record.
        names: of the roads to show; all where there are none.

    Raises:
        ValueError: The two comments are not there.
    """
    before, begun, rest = text.partition(BEGIN)
    _, ended, after = rest.partition(END)
    if not (begun and ended):
        raise ValueError(f"no line {BEGIN!r}, or no line {END!r} after it")
    return f"{before}{BEGIN}\n{conditions(found)}\n\n{table(found, names)}\n{END}{after}"
