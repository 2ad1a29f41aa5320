"""Writes what `headrace verify` found as JSON."""

from __future__ import annotations

import json
from itertools import islice
from typing import TYPE_CHECKING, Any

import msgspec

if TYPE_CHECKING:
    from headrace.core.secrets.redaction import Redactor
    from headrace.verification.comparison import RowKeys, TableComparison
    from headrace.verification.results import TableVerification, VerificationReport


def verification_json(report: VerificationReport, redactor: Redactor, examples: int) -> str:
    """Writes the report of a verification as a JSON document.

    Args:
        report: The report of the verification.
        redactor: Masks secrets that a server sent back in a row.
        examples: How many keys and rows of each kind to give.
    """
    total = report.figures.total
    found = {
        "ok": report.ok,
        "destination": report.destination,
        "location": report.location,
        "dataset": report.dataset_name,
        "seconds": round(report.seconds, 3),
        "requests": total.requests,
        "rows": total.rows,
        "loaded_rows": report.repaired.total.loaded_rows if report.repaired else 0,
        "quarantined": total.quarantined,
        "reasons": report.figures.reasons,
        "failed_requests": report.failed_requests,
        "tables": [_table(table, examples) for table in report.tables],
    }
    plain = msgspec.to_builtins(found, str_keys=True, enc_hook=str)
    return json.dumps(_cleaned(plain, redactor), ensure_ascii=False, indent=2)


def _table(table: TableVerification, examples: int) -> dict[str, Any]:
    repair = table.repair
    return {
        "ok": table.ok,
        "table": table.table,
        "resources": table.resources,
        "key": table.key,
        "quarantined": table.quarantined,
        "discarded": table.discarded,
        **_comparison(table.comparison, examples),
        "repair": repair
        and {
            "refusal": repair.refusal,
            "left": repair.left and _comparison(repair.left, examples),
            "unfollowed": repair.unfollowed,
        },
    }


def _comparison(found: TableComparison, examples: int) -> dict[str, Any]:
    def some(keys: RowKeys) -> dict[str, Any]:
        return {"rows": len(keys), "keys": list(islice(keys, examples))}

    differences = [
        {
            "key": key,
            "columns": {
                name: {"stored": stored, "listed": listed}
                for name, (stored, listed) in fields.items()
            },
        }
        for key, fields in found.examples.items()
    ]
    return {
        "listed": found.listed,
        "stored": found.stored,
        "missing": some(found.missing),
        "differing": {**some(found.differing), "fields": found.fields, "examples": differences},
        "only_stored": some(found.only_stored),
        "repeated": some(found.repeated),
        "excused": found.excused,
    }


def _cleaned(value: Any, redactor: Redactor) -> Any:
    """A JSON value whose texts are free of secrets."""
    if isinstance(value, str):
        return redactor.clean(value)
    if isinstance(value, dict):
        return {redactor.clean(name): _cleaned(each, redactor) for name, each in value.items()}
    if isinstance(value, list):
        return [_cleaned(each, redactor) for each in value]
    return value
