"""The sandbox's clock: real time plus an offset that tests move. Nothing else here asks for the time."""

import time


class Clock:
    """Epoch seconds, UTC. `offset` is how far the sandbox is ahead of this computer, in seconds."""

    def __init__(self) -> None:
        self.offset = 0.0
        self.clients_follow = False

    def now(self) -> float:
        """Return the sandbox's time in epoch seconds."""
        return time.time() + self.offset

    def move(self, seconds: float, *, clients_follow: bool = False) -> None:
        """Let the sandbox be `seconds` later than it was (negative: earlier).

        Clients keep their own time: more than 15 minutes apart and AWS refuses their signatures as skewed. With
        `clients_follow` the dates in requests are judged by this computer's time instead, as if the clients' clocks had
        moved too. The last call decides.
        """
        self.offset += seconds
        self.clients_follow = clients_follow

    def of_requests(self) -> float:
        """Return the time that the dates in requests are compared with, in epoch seconds."""
        return time.time() if self.clients_follow else self.now()
