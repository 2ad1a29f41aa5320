"""How the paths of the sample API say that they answer with another status than 200."""

from __future__ import annotations


class Refused(Exception):  # noqa: N818 - it is what the API says, not our failure
    """A request is refused; the message is what the API says about it.

    Args:
        status: The status of the answer.
        message: The message in it.
    """

    def __init__(self, status: int, message: str) -> None:
        super().__init__(status, message)
        self.status, self.message = status, message
