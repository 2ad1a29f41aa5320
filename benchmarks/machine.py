"""What a benchmark ran on: the machine, and the versions of what took part."""

from __future__ import annotations

import os
import platform
from importlib.metadata import version
from pathlib import Path
from typing import Any

_PACKAGES = ("headrace", "dlt", "pyarrow", "duckdb")


def versions() -> dict[str, str]:
    """Of the packages that decide about speed, and of Python."""
    return {
        **{name: version(name) for name in _PACKAGES},
        "Python": platform.python_version(),
    }


def machine() -> dict[str, Any]:
    """The kind of machine."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return {
        "cores": len(os.sched_getaffinity(0)),
        "processor": _processor(),
        "memory_gb": round(memory / 2**30),
        "system": f"{platform.system()} {platform.machine()}",
    }


def _processor() -> str:
    told = Path("/proc/cpuinfo")
    if told.exists():
        for line in told.read_text().splitlines():
            name, _, value = line.partition(":")
            if name.strip() == "model name":
                return value.strip()
    return platform.processor() or platform.machine()
