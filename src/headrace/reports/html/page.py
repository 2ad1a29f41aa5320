"""Writes the figures of a report as one HTML page."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict, fields
from datetime import datetime
from importlib.resources import files
from string import Template
from typing import Any

from headrace.reports.html.figures import Counts, ExecutionFigures, ReportFigures
from headrace.reports.html.highlights import find_highlights

_SCRIPTS = ("echarts.min.js", "formatting.js", "charts.js", "tables.js", "cards.js", "page.js")
_DIGITS = 4


def render_page(figures: ReportFigures, made: datetime) -> str:
    """Writes the page.

    Args:
        figures: The figures to show.
        made: The time now, in UTC, without a zone.

    Returns:
        HTML that needs no other file, and that browsers let fetch nothing.
    """
    # Our own scripts go into one element, so that each file sees what the others define.
    libraries, own = _SCRIPTS[:1], _SCRIPTS[1:]
    scripts = [*map(_asset, libraries), "\n".join(map(_asset, own))]
    return Template(_asset("page.html")).substitute(
        policy=_policy(scripts),
        style=_asset("page.css"),
        data=_json_text(_page_data(figures, made)),
        library=scripts[0],
        script=scripts[1],
    )


def _asset(name: str) -> str:
    return (files("headrace.reports.html") / "assets" / name).read_text(encoding="utf-8")


def _policy(scripts: Sequence[str]) -> str:
    """A Content-Security-Policy: only these scripts may run, and nothing be fetched or sent."""
    digests = [hashlib.sha256(script.encode()).digest() for script in scripts]
    hashes = " ".join(f"'sha256-{base64.b64encode(digest).decode()}'" for digest in digests)
    return (
        f"default-src 'none'; script-src {hashes}; style-src 'unsafe-inline'; img-src data:; "
        "base-uri 'none'; form-action 'none'"
    )


def _json_text(data: Any) -> str:
    """JSON with `<`, `>` and `&` escaped, so that no HTML parser takes part of it for markup."""
    text = json.dumps(data, separators=(",", ":"), allow_nan=False)
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


def _page_data(figures: ReportFigures, made: datetime) -> dict[str, Any]:
    period = figures.period
    return {
        "place": figures.place,
        "made": _moment(made),
        "chosen": figures.chosen,
        "period": period
        and {
            "start": _moment(period.start),
            "end": _moment(period.end),
            "hasBefore": period.has_before,
            "bucketHours": period.bucket.total_seconds() / 3_600,
            "buckets": [_moment(each) for each in period.buckets],
        },
        "overall": _figures_data(figures.overall),
        "workflows": [
            {"id": each.id, "name": each.name, "others": each.others, **_figures_data(each.figures)}
            for each in figures.workflows
        ],
        "highlights": [
            {**asdict(each), "now": _rounded(each.now), "before": _rounded(each.before)}
            for each in find_highlights(figures.workflows)
        ]
        if period and period.has_before
        else [asdict(each) for each in find_highlights(figures.workflows) if each.kind == "stuck"],
        "health": {
            "runs": [
                {**asdict(each), "started": _moment(each.started)} for each in figures.health.runs
            ],
            "quarantined": figures.health.quarantined,
            "gone": figures.health.gone,
        },
    }


def _figures_data(figures: ExecutionFigures) -> dict[str, Any]:
    return {
        "now": _columns([figures.now]),
        "before": _columns([figures.before]),
        "series": _columns(figures.series),
        "hours": {
            "runs": figures.hours_runs,
            "ended": figures.hours_ended,
            "failed": figures.hours_failed,
        },
        "openCount": figures.open_count,
        "open": [
            {
                "id": each.id,
                "outcome": each.outcome,
                "started": each.started and _moment(each.started),
                "waitTill": each.wait_till and _moment(each.wait_till),
                "seconds": None if each.seconds is None else round(each.seconds),
                "place": each.place,
            }
            for each in figures.open
        ],
    }


def _columns(counts: Sequence[Counts]) -> dict[str, list[Any]]:
    """One list for each figure; figures that are 0 or unknown everywhere are left out."""
    columns = {
        field.name: [_rounded(getattr(each, field.name)) for each in counts]
        for field in fields(Counts)
    }
    return {name: values for name, values in columns.items() if any(values)}


def _rounded(value: float | None) -> float | None:
    if value is None or isinstance(value, int):
        return value
    return float(f"{value:.{_DIGITS}g}")


def _moment(value: datetime) -> str:
    return f"{value.isoformat(timespec='milliseconds')}Z"
