"""The sandbox's clock: real time plus an offset that tests move. No other module here reads the time."""

import time


class Clock:
    """Epoch seconds, UTC. `offset` is the seconds by which the sandbox is ahead of this computer."""

    def __init__(self) -> None:
        self.offset = 0.0
        self.clients_follow = False

    def now(self) -> float:
        """Return the sandbox's time in epoch seconds."""
        return time.time() + self.offset

    def move(self, seconds: float, *, clients_follow: bool = False) -> None:
        """Move the sandbox's time by `seconds` (negative: back).

        Clients keep their own time: with a difference of more than 15 minutes, their signatures are refused as skewed.
        With `clients_follow` the dates in requests are compared with this computer's time, as if the clients' clocks
        had moved too. The last call decides.
        """
        self.offset += seconds
        self.clients_follow = clients_follow

    def of_requests(self) -> float:
        """Return the time that the dates in requests are compared with, in epoch seconds."""
        return time.time() if self.clients_follow else self.now()
