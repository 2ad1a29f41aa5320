"""What the config of a discovery comes to: all rows, less, or that something is not known."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import headrace
from headrace.core.exceptions import ConfigError, HeadraceError
from headrace.discovery.results import Discovery
from tests.support.api_styles.api import SECRET, USER, StyledApi
from tests.support.api_styles.rows import counted

Verdict = Literal["exact", "unknown", "failed", "set aside", "less", "more"]

SECRETS = {
    "API_TOKEN": SECRET,
    "API_KEY": SECRET,
    "API_USER": USER,
    "API_PASSWORD": SECRET,
    "TOKEN": SECRET,
}
"""Under which names a config finds the secrets of the APIs."""


@dataclass(frozen=True)
class Judged:
    """What a config comes to.

    Args:
        verdict: In a word.
        why: In a sentence.
        missing: How many rows are missing.
    """

    verdict: Verdict
    why: str = ""
    missing: int = 0


def discovered(api: StyledApi, **options: Any) -> Discovery:
    """What is found out of an API.

    Args:
        api: The API.
        options: Other arguments of `headrace.discover`.
    """
    return headrace.discover(
        api.url,
        method=api.style.method,
        auth=api.auth,
        params=api.params,
        json=api.body,
        **options,
    )


def judged(api: StyledApi, found: Discovery, folder: Path) -> Judged:
    """Reads a config as it was written, and compares what comes with all rows of the API.

    Args:
        api: The API.
        found: What was found out of it.
        folder: Where the config is written.
    """
    path = folder / "found.yaml"
    path.write_text(found.text)
    try:
        with headrace.read(path) as reader:
            rows = [row for batch in reader for row in batch.to_pylist()]
            aside = len(reader.quarantine)
    except ConfigError as error:
        return Judged("unknown", str(error))
    except HeadraceError as error:
        return Judged("failed", str(error))
    result = compared(api, merged(rows, found.config["resources"][0]))
    if result.verdict == "less" and result.missing <= aside:
        return Judged("set aside", f"{aside} rows are in quarantine")
    return result


def compared(api: StyledApi, rows: Iterable[Mapping[str, Any]]) -> Judged:
    """Compares rows with all of an API.

    Args:
        api: The API.
        rows: The rows that came.
    """
    keyed = api.style.rows_at in ("keyed", "bare keyed")
    truth, came = counted(api.truth(), keyed=keyed), counted(rows, keyed=keyed)
    missing, surplus = truth - came, came - truth
    why = f"{truth.total()} rows, {_some(missing)} missing, {_some(surplus)} too many"
    if missing:
        return Judged("less", why, missing.total())
    return Judged("more", why) if surplus else Judged("exact")


def merged(rows: list[dict[str, Any]], resource: Mapping[str, Any]) -> list[dict[str, Any]]:
    """What a table holds after a load: a merge keeps one row of each key.

    Args:
        rows: The rows that are loaded.
        resource: The resource, as its config says.
    """
    disposition = resource.get("write_disposition", "append")
    strategy = disposition.get("disposition") if isinstance(disposition, Mapping) else disposition
    key = resource.get("primary_key")
    if strategy != "merge" or key is None:
        return rows
    names = [key] if isinstance(key, str) else list(key)
    return list({tuple(str(row.get(name)) for name in names): row for row in rows}.values())


def _some(rows: Counter[tuple[str, ...]]) -> str:
    return f"{rows.total()}" + (f" ({next(iter(rows))})" if rows else "")
