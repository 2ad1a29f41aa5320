"""Lets a world's time pass with the real one."""

from __future__ import annotations

from time import monotonic

from headrace.simulator.world import World


class RealTime:
    """Brings a world's clock up to date whenever it is called, as before each answer.

    Args:
        world: The world.
        speed: How many of its seconds pass in a real one, 0 or more.
    """

    def __init__(self, world: World, speed: float = 1.0) -> None:
        self._world = world
        self._speed = speed
        self._world_began = world.now
        self._began = monotonic()

    def __call__(self, request_number: int) -> None:
        """Let so much time pass in the world as is due.

        Args:
            request_number: Which request is to be answered; of no meaning here.
        """
        due = self._world_began + (monotonic() - self._began) * self._speed
        self._world.advance(max(0.0, due - self._world.now))
