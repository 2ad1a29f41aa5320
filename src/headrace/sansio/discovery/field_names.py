"""What the name of a field says of its values."""

from __future__ import annotations

import re
from functools import cache

from headrace.sansio.paging.envelope import plain_name

_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+")
_ONE_OF = {"people": "person", "children": "child", "men": "man", "women": "woman", "data": "data"}
_NO_PLURALS = ("ss", "us", "is")
_ID = frozenset(["id", "uuid", "guid", "uid"])
_NUMBERED = frozenset(["key", "number", "no", "nr", "num", "code", "pk"])
_OWN_NOUNS = frozenset(["row", "sys", "system", "unique", "global", "public", "internal", "doc"])
_UNIVERSAL = frozenset(["uuid", "guid", "rowid", "pk", "sysid"])
_LABELS = frozenset(
    [
        *("key", "number", "num", "iid", "code", "slug", "sku", "symbol", "isbn", "ean", "isin"),
        *("urn", "arn", "handle", "identifier", "ident", "hash", "sha", "digest", "name"),
    ]
)
_COUNTED = frozenset(
    [
        *("rank", "ranking", "position", "pos", "index", "idx", "order", "sort", "ordinal", "seq"),
        *("sequence", "row", "rownumber", "rownum", "no", "nr", "line", "place"),
    ]
)
_OF_TIMES = frozenset(
    [
        *("at", "date", "time", "timestamp", "datetime", "ts", "till", "until", "since", "on"),
        *("created", "updated", "modified", "changed", "deleted", "started", "finished"),
        *("createdat", "updatedat", "modifiedat", "createdon", "updatedon", "modifiedon"),
    ]
)
_MONEY = frozenset(
    [
        *("price", "amount", "total", "subtotal", "cost", "balance", "fee", "fees", "tax", "taxes"),
        *("vat", "discount", "revenue", "salary", "wage", "charge", "charges", "payment", "refund"),
        *("payout", "net", "gross", "margin", "profit", "deposit", "credit", "debit", "turnover"),
        *("budget", "spend", "spent", "msrp", "mrr", "arr", "gmv", "money", "shipping"),
    ]
)
# What follows the name of an amount, and what makes another thing of it.
_OF_MONEY = frozenset(
    [
        *(
            "usd",
            "eur",
            "gbp",
            "chf",
            "local",
            "value",
            "due",
            "paid",
            "open",
            "incl",
            "excl",
            "in",
        ),
        *("set", "before", "after", "with", "without", "including", "excluding", "remaining"),
    ]
)
_HAPPENED_IN_SHORT = frozenset(
    [
        *("sent", "paid", "due", "shown", "seen", "read", "begun", "done", "given", "built", "run"),
        *("start", "end", "begin", "expires", "begins", "starts", "ends", "sold", "bought", "left"),
    ]
)
_NOT_HAPPENED = frozenset(
    ["is", "has", "works", "looks", "based", "named", "located", "hosted", "depended"]
)
_OF_DATES = frozenset(
    [
        *("date", "day", "birthday", "birthdate", "birth", "born", "dob", "holiday", "on", "due"),
        *("from", "till", "until", "week", "month"),
    ]
)
_VERSIONS = frozenset(["version", "revision", "rev", "locale", "language", "lang", "attempt"])


@cache
def words_of(name: str) -> tuple[str, ...]:
    """The words of a name in lower case: those of `orderLineID` are order, line and id.

    Args:
        name: The name of a field or a listing.
    """
    return tuple(word.lower() for word in _WORD.findall(name))


def one_of(word: str) -> str:
    """What one of many is called: `orders` are of one order, `companies` of one company.

    Args:
        word: The word, in lower case.
    """
    if word in _ONE_OF:
        return _ONE_OF[word]
    if word.endswith("ies") and len(word) > 4:
        return f"{word[:-3]}y"
    if word.endswith(("sses", "xes", "ches", "shes")):
        return word[:-2]
    return word[:-1] if word.endswith("s") and not word.endswith(_NO_PLURALS) else word


def column_like(name: str) -> str:
    """A name as a table has it, roughly: two fields with the same one meet in one column.

    Args:
        name: The name of a field.
    """
    beginning = name[: len(name) - len(name.lstrip("_@$#"))]
    return beginning + "_".join(words_of(name))


def is_id(name: str) -> bool:
    """Whether a field is called an id of whatever.

    Args:
        name: The name of the field.
    """
    words = words_of(name)
    return bool(words) and (words[-1] in _ID or plain_name(name) in _UNIVERSAL)


def is_own_id(name: str, listing: str) -> bool:
    """Whether a field is called the id of the things that are listed: `order_id` of `orders`.

    Args:
        name: The name of the field.
        listing: The name of the listing; empty where it is not known.
    """
    words, of = words_of(name), words_of(listing)
    plain = plain_name(name)
    if plain in _UNIVERSAL or (len(words) == 2 and words[0] in _OWN_NOUNS and words[1] in _ID):
        return True
    if not of:
        return False
    if len(words) > 1 and words[-1] in _ID:
        return "".join(words[:-1]) in _things_of(listing)
    return any(plain == f"{thing}id" for thing in _things_of(listing))


def _things_of(listing: str) -> set[str]:
    """What one of the things that are listed is called."""
    words = words_of(listing)
    return {one_of(words[-1]), "".join((*words[:-1], one_of(words[-1])))} if words else set()


def is_label(name: str, listing: str = "") -> bool:
    """Whether a field has the name of what often, and not always, tells rows apart.

    Args:
        name: The name of the field.
        listing: The name of the listing: of `orders`, an `order_number` is a label.
    """
    words = words_of(name)
    is_own = len(words) > 1 and words[-1] in _NUMBERED
    return plain_name(name) in _LABELS or (is_own and "".join(words[:-1]) in _things_of(listing))


def is_above(name: str, other: str) -> bool:
    """Whether a field has the name of what another one is below: `dag_id` and `dag_run_id`.

    Args:
        name: The name of the field.
        other: The name of the other field.
    """
    above, below = words_of(name), words_of(other)
    return is_id(name) and 1 < len(above) < len(below) and above[:-1] == below[: len(above) - 1]


def is_counted(name: str) -> bool:
    """Whether a field has the name of a place in a row of things.

    Args:
        name: The name of the field.
    """
    words = words_of(name)
    return plain_name(name) in _COUNTED or (bool(words) and words[-1] in _COUNTED)


def is_version(name: str) -> bool:
    """Whether a field has the name of what tells the versions of a thing apart.

    Args:
        name: The name of the field.
    """
    words = words_of(name)
    return bool(words) and words[-1] in _VERSIONS


def is_of_time(name: str) -> bool:
    """Whether a field has the name of a time or a date.

    Args:
        name: The name of the field.
    """
    words = words_of(name)
    return bool(words) and words[-1] in _OF_TIMES


def is_of_date(name: str) -> bool:
    """Whether a field has the name of a date, and not of a moment.

    Args:
        name: The name of the field.
    """
    return not _OF_DATES.isdisjoint(words_of(name))


def is_money(name: str) -> bool:
    """Whether a field has the name of an amount of money.

    Args:
        name: The name of the field.
    """
    words = list(words_of(name))
    while words and words[-1] in _OF_MONEY:
        words.pop()
    return bool(words) and words[-1] in _MONEY


def type_by_name(name: str) -> str | None:
    """The type that a field has by its name alone, in dlt's words; None where it says none.

    Args:
        name: The name of the field.
    """
    words = words_of(name)
    if len(words) < 2:
        return None
    before, last = words[-2], words[-1]
    if words[0] in ("is", "has") and last not in ("at", "on", "date", "count", "id", "by"):
        return "bool"
    if last == "count":
        return "bigint"
    has_happened = before in _HAPPENED_IN_SHORT or before.endswith("ed")
    if last == "on" and has_happened and before not in _NOT_HAPPENED:
        return "timestamp"
    if last == "at" and before not in _NOT_HAPPENED:
        return "timestamp"
    return "timestamp" if last in ("date", "till", "until") else None


def is_part_of_key(name: str) -> bool:
    """Whether a field may tell rows apart together with another one.

    Args:
        name: The name of the field.
    """
    words = words_of(name)
    is_number = bool(words) and words[-1] in _NUMBERED
    return any([is_id(name), is_label(name), is_counted(name), is_version(name), is_number])
