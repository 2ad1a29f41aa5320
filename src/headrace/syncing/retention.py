"""How much is kept of earlier syncs, so that nothing grows with their number."""

from __future__ import annotations

from dataclasses import dataclass

from headrace.config import SourceConfig
from headrace.core import defaults


@dataclass(frozen=True, slots=True)
class Retention:
    """How much is kept of earlier syncs; None stands for all of it.

    Args:
        packages: How many load packages stay in the local folder of the pipeline, without the files
            of their rows, and as many of those that were given up. A package that was loaded though
            some of its jobs failed stays in any case.
        states: How many of the pipeline's states stay in `_dlt_pipeline_state`, of which the newest
            counts, and how many rows of `_dlt_loads` in any case: those of older loads stay for as
            long as a row of theirs does.
        runs: How many syncs of the pipeline stay in `_headrace_runs`, and the last complete run of
            each resource in any case.
    """

    packages: int | None = defaults.KEPT_PACKAGES
    states: int | None = defaults.KEPT_STATES
    runs: int | None = defaults.KEPT_RUNS


def retention_settings(config: SourceConfig) -> Retention:
    """How much a config wants to be kept.

    Args:
        config: The config.
    """
    wanted = config.pipeline_settings.retention
    return Retention(packages=wanted.packages, states=wanted.states, runs=wanted.runs)
