"""One big backfill on many machines: a plan, lanes that are read anywhere, and one commit.

`plan` asks the API a few times and writes how a resource is parted into lanes; `lane` reads one of
them, on any machine, whole or not at all; `commit` loads what all of them have read in one load,
and catches up with what has changed meanwhile. What they share is a folder: a local one, or one
that fsspec knows (`s3://`, `gs://`, `az://`, ...).
"""

# First of all, as in `headrace`: its parts import each other.
import dlt  # noqa: F401

from headrace.backfill.attempts import LaneRead
from headrace.backfill.attempts import read_lane_into_folder as lane
from headrace.backfill.committing import BackfillReport, commit
from headrace.backfill.planning import plan
from headrace.backfill.plans import Plan
from headrace.backfill.progress import BackfillStatus, lanes_left, status

__all__ = [
    "BackfillReport",
    "BackfillStatus",
    "LaneRead",
    "Plan",
    "commit",
    "lane",
    "lanes_left",
    "plan",
    "status",
]
