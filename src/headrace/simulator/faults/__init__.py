"""Answers that a server should not give, for the sample API to give on request."""

from headrace.simulator.faults.catalogue import FAULTS, described_faults
from headrace.simulator.faults.choice import (
    BadFaults,
    FaultPlace,
    Faults,
    FaultSequence,
    FaultShare,
)
from headrace.simulator.faults.fault import AffectedRequest, Fault, Outcome
from headrace.simulator.faults.refusals import LOOP_PATH

__all__ = [
    "FAULTS",
    "LOOP_PATH",
    "AffectedRequest",
    "BadFaults",
    "Fault",
    "FaultPlace",
    "FaultSequence",
    "FaultShare",
    "Faults",
    "Outcome",
    "described_faults",
]
