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

from headrace.core.quick_dataclasses import dataclass
from headrace.reports.html.figures import (
    Counts,
    ExecutionFigures,
    NodeFigures,
    NodesFigures,
    ReportFigures,
)
from headrace.reports.html.highlights import find_highlights

_SCRIPTS = (
    *("echarts.min.js", "formatting.js", "charts.js", "tables.js", "cards.js"),
    *("nodes.js", "refresh.js", "page.js"),
)
_DIGITS = 4


@dataclass(frozen=True, slots=True)
class Refresh:
    """How a page that is open in a browser comes to show what is new.

    Args:
        seconds: How often it looks whether there is a new page.
        is_served: Whether it asks the server that it came from; else it is a file, and loads itself
            again when it should have been written anew.
    """

    seconds: float
    is_served: bool = False


def render_page(figures: ReportFigures, made: datetime, refresh: Refresh | None = None) -> str:
    """Writes the page.

    Args:
        figures: The figures to show.
        made: The time now, in UTC, without a zone.
        refresh: How the page comes to show what is new; it stays as it is when None.

    Returns:
        HTML that needs no other file, and that browsers let fetch nothing but, where it is served,
        from its own server.
    """
    library, script = _scripts()
    return Template(_asset("page.html")).substitute(
        policy=page_policy(refresh),
        style=_asset("page.css"),
        data=_json_text(_page_data(figures, made, refresh)),
        library=library,
        script=script,
    )


def page_policy(refresh: Refresh | None) -> str:
    """Writes the Content-Security-Policy: only our scripts may run, and nothing be fetched or sent.

    A page that asks its server whether there is a new one may do that, and no more.

    Args:
        refresh: How the page comes to show what is new, as `render_page` takes it.
    """
    digests = [hashlib.sha256(script.encode()).digest() for script in _scripts()]
    hashes = " ".join(f"'sha256-{base64.b64encode(digest).decode()}'" for digest in digests)
    own = "; connect-src 'self'" if refresh is not None and refresh.is_served else ""
    return (
        f"default-src 'none'; script-src {hashes}; style-src 'unsafe-inline'; img-src data:; "
        f"base-uri 'none'; form-action 'none'{own}"
    )


def _scripts() -> tuple[str, str]:
    # Our own scripts go into one element, so that each file sees what the others define.
    library, *own = map(_asset, _SCRIPTS)
    return library, "\n".join(own)


def _asset(name: str) -> str:
    return (files("headrace.reports.html") / "assets" / name).read_text(encoding="utf-8")


def _json_text(data: Any) -> str:
    """JSON with `<`, `>` and `&` escaped, so that no HTML parser takes part of it for markup."""
    text = json.dumps(data, separators=(",", ":"), allow_nan=False)
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


def _page_data(figures: ReportFigures, made: datetime, refresh: Refresh | None) -> dict[str, Any]:
    period = figures.period
    return {
        "place": figures.place,
        "made": moment_text(made),
        "refresh": refresh and {"seconds": refresh.seconds, "served": refresh.is_served},
        "chosen": figures.chosen,
        "period": period
        and {
            "start": moment_text(period.start),
            "end": moment_text(period.end),
            "hasBefore": period.has_before,
            "bucketHours": period.bucket.total_seconds() / 3_600,
            "buckets": [moment_text(each) for each in period.buckets],
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
                {**asdict(each), "started": moment_text(each.started)}
                for each in figures.health.runs
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
                "started": each.started and moment_text(each.started),
                "waitTill": each.wait_till and moment_text(each.wait_till),
                "seconds": None if each.seconds is None else round(each.seconds),
                "place": each.place,
            }
            for each in figures.open
        ],
        **({} if figures.nodes is None else {"nodes": _nodes_data(figures.nodes)}),
    }


def _nodes_data(nodes: NodesFigures) -> dict[str, Any]:
    return {
        "failing": [_node_data(each) for each in nodes.failing],
        "failingCount": nodes.failing_count,
        "slow": [_node_data(each) for each in nodes.slow],
        "slowCount": nodes.slow_count,
        "errors": [
            {**asdict(each), "last": each.last and moment_text(each.last)} for each in nodes.errors
        ],
        "errorCount": nodes.error_count,
        "failures": nodes.failures,
        "unread": nodes.unread,
        "unnamed": nodes.unnamed,
    }


def _node_data(node: NodeFigures) -> dict[str, Any]:
    return {
        **asdict(node),
        "last_failed": node.last_failed and moment_text(node.last_failed),
        "p50": _rounded(node.p50),
        "p95": _rounded(node.p95),
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


def moment_text(value: datetime) -> str:
    """Writes a moment as the page has it.

    Args:
        value: The moment, in UTC, without a zone.
    """
    return f"{value.isoformat(timespec='milliseconds')}Z"
