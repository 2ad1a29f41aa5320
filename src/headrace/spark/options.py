"""The options of a read: `spark.read.format("headrace").option(NAME, VALUE)`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, get_args

from headrace.core.exceptions import ConfigError, Fault
from headrace.core.nearest import nearest
from headrace.core.quick_dataclasses import dataclass

OnMisfit = Literal["fail", "keep"]
"""What becomes of rows without a place in the schema: an error, or JSON in `_headrace_rest`."""

OPTIONS = {
    "config": "the text of a config, or the name of a connector",
    "resource": "the name of the resource; the first one that is selected",
    "workers": "how many partitions there are; 1",
    "lanes": "how many lanes they read between them at most; eight for each worker",
    "secrets": "a function that looks up secrets, as `package.module:function`",
    "rows_stay": "`true` where no row changes its place in the listing while it is read; `false`",
    "lag": "how many seconds behind the present a stream stays; 60",
    "on_misfit": "`fail`, or `keep` for rows without a place in the schema; `fail`",
}
"""What each option is, and what it is where it is not given."""

_LANES_OF_A_WORKER = 8
_MOST_WORKERS = 1_000
_WORDS = {"on_misfit": get_args(OnMisfit), "rows_stay": ("false", "true")}
_SUFFIXES = (".yml", ".yaml", ".json")


@dataclass(frozen=True, slots=True)
class ReadOptions:
    """The options of a read, checked.

    Args:
        config: The text of the config, its `${NAME}` as written; or the name of a connector.
        resource: The name of the resource; None for the first one.
        workers: How many partitions there are.
        lanes: How many lanes they read between them at most.
        secrets: A function that looks up secrets, as `package.module:function`; None for none.
        on_misfit: What becomes of rows without a place in the schema.
        lag: How many seconds behind the present a stream stays; None where nothing is said.
        rows_stay: Whether no row goes from one part of the listing to another while it is read.
    """

    config: str
    resource: str | None = None
    workers: int = 1
    lanes: int = _LANES_OF_A_WORKER
    secrets: str | None = None
    on_misfit: OnMisfit = "fail"
    rows_stay: bool = False
    lag: int | None = None

    @classmethod
    def of(cls, options: Mapping[str, str]) -> ReadOptions:
        """Checks the options that Spark hands over.

        Args:
            options: Them; Spark has made their names small.

        Raises:
            ConfigError: Some are wrong, unknown or missing.
        """
        given = {name.lower(): value.strip() for name, value in options.items()}
        faults = [Fault("", _unknown(name)) for name in given if name not in OPTIONS]
        if message := _config_fault(given.get("config")):
            faults.append(Fault("option `config`", message))
        for name, allowed in _WORDS.items():
            if given.get(name, allowed[0]) not in allowed:
                words = " or ".join(f"`{each}`" for each in allowed)
                faults.append(Fault(f"option `{name}`", f"expected {words}"))
        workers = _count(given, "workers", 1, faults)
        lanes = _count(given, "lanes", workers * _LANES_OF_A_WORKER, faults)
        lag = given.get("lag")
        if lag is not None and not lag.isdecimal():
            faults.append(Fault("option `lag`", "expected a whole number of seconds"))
        if faults:
            raise ConfigError(faults)
        return cls(
            config=given["config"],
            resource=given.get("resource") or None,
            workers=workers,
            lanes=max(lanes, workers),
            secrets=given.get("secrets") or None,
            on_misfit="keep" if given.get("on_misfit") == "keep" else "fail",
            lag=None if lag is None else int(lag),
            rows_stay=given.get("rows_stay") == "true",
        )


def _unknown(name: str) -> str:
    close = nearest(name, OPTIONS)
    meant = f"; did you mean `{close}`?" if close else ""
    if name == "path":
        meant = ": `load()` takes no path, the text of the config goes into the option `config`"
    known = ", ".join(f"`{each}`" for each in OPTIONS)
    return f"there is no option `{name}`{meant}. The options are {known}"


def _config_fault(text: str | None) -> str | None:
    if not text:
        return f"is missing: {OPTIONS['config']}"
    if "\n" not in text and text.lower().endswith(_SUFFIXES):
        return (
            "takes the text of the config, which goes to each machine, and not the path of a file: "
            "`Path(...).read_text()` reads it"
        )
    return None


def _count(given: Mapping[str, str], name: str, default: int, faults: list[Fault]) -> int:
    text = given.get(name)
    if text is None:
        return default
    if text.isdecimal() and 0 < int(text) <= _MOST_WORKERS:
        return int(text)
    faults.append(Fault(f"option `{name}`", f"expected a number from 1 to {_MOST_WORKERS:,}"))
    return 1
