"""Answers that a server should not give, for the sample API to give on request."""

from headrace.simulator.faults.catalogue import FAULTS, described_faults
from headrace.simulator.faults.choice import BadFaults, Course, Faults, Place, Share
from headrace.simulator.faults.fault import Asked, Fault, Outcome
from headrace.simulator.faults.refusals import LOOP_PATH

__all__ = [
    "FAULTS",
    "LOOP_PATH",
    "Asked",
    "BadFaults",
    "Course",
    "Fault",
    "Faults",
    "Outcome",
    "Place",
    "Share",
    "described_faults",
]
