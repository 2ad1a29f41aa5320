"""Kills syncs at chosen moments and runs them again.

with Gate() as gate:
    gate.leads_to(simulator.base_url)
    machine = Machine(tmp_path, ["run", "executions"], {"EXECUTIONS_BASE_URL": gate.base_url})
    machine.run(gate, Moment("request", 30))   # killed when the 30th request arrives
    machine.run(gate)                          # to its end
"""

from tests.support.crashing.gate import Gate
from tests.support.crashing.kill_switch import STAGES
from tests.support.crashing.machine import Machine, Run
from tests.support.crashing.moments import Moment, moments

__all__ = ["STAGES", "Gate", "Machine", "Moment", "Run", "moments"]
