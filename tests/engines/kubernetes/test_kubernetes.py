"""What docs/kubernetes.md shows: its commands run as they stand, and its Job is a sound one."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest
import yaml

from tests.engines.examples import Backfill, backfill_in
from tests.engines.running import program, run
from tests.support.documentation import code_blocks

pytestmark = pytest.mark.engines

PARALLEL, PLAN, COMMIT = code_blocks("kubernetes.md", "sh")
(JOB,) = (yaml.safe_load(block) for block in code_blocks("kubernetes.md", "yml"))
_URL = "s3://our-bucket/backfills"


def shell(backfill: Backfill, commands: str, **environment: str) -> str:
    """Runs commands of the docs in the folder of a backfill."""
    here = commands.replace(_URL, str(backfill.folder / "backfills"))
    here = here.replace(" plan executions ", f" plan {backfill.folder}/executions.yml ")
    assert here != commands
    path = f"{Path(program()).parent}{os.pathsep}{os.environ['PATH']}"
    given = {**backfill.environment, **environment, "PATH": path}
    return run(["sh", "-ec", here], backfill.folder, given, seconds=200)


def test_parallel_reads_the_lanes_and_runs_one_that_fails_again(tmp_path: Path) -> None:
    with backfill_in(tmp_path, page_rows=80) as backfill:
        shell(backfill, PARALLEL)

    assert backfill.check() > 3


def test_the_job_is_sound() -> None:
    kubernetes_validate.validate(JOB, kubernetes_validate.latest_version(), strict=True)
    wrong: dict[str, Any] = {**JOB, "spec": {**JOB["spec"], "completion": 1}}
    with pytest.raises(kubernetes_validate.ValidationError, match="'completion' was unexpected"):
        kubernetes_validate.validate(wrong, kubernetes_validate.latest_version(), strict=True)


def test_the_pods_of_the_job_read_a_lane_each(tmp_path: Path) -> None:
    (container,) = JOB["spec"]["template"]["spec"]["containers"]
    *_, command = container["command"]
    with backfill_in(tmp_path, page_rows=80) as backfill:
        lanes = int(shell(backfill, PLAN))
        failed = []
        for index in reversed(range(lanes)):
            try:
                shell(backfill, command, JOB_COMPLETION_INDEX=str(index))
            except RuntimeError:
                failed.append(index)
        # `backoffLimitPerIndex`
        (again,) = failed
        shell(backfill, command, JOB_COMPLETION_INDEX=str(again))
        shell(backfill, COMMIT)

    assert backfill.check() == lanes > 3
