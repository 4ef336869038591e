"""The limit for a service that does not answer at all, which leaves one alone that is only slow.

A keyring may wait for ever for a dialog that is not seen (mitya57/secretstorage#33, python-poetry/poetry#8623). But on
a machine that is building something, seconds pass before a service has given all its answers. So whoever waits looks at
short intervals, and only the looks count at which nothing has happened.
"""

SILENCE = 3.0
"""Seconds that a call waits for one answer."""
LONGEST = 30.0
"""Seconds for a whole call to a service that gives every answer, and each of them late."""
LOOK = 0.05
"""Seconds between two looks. A look that comes late counts no more than this: the machine was busy."""


class NotAnswered(Exception):
    """The call was left behind: `within` so many seconds it got no answer (SILENCE), or not all of them (LONGEST)."""

    def __init__(self, within: float) -> None:
        super().__init__()
        self.within = within


class Wait:
    """The time for which one call has waited."""

    def __init__(self) -> None:
        self._silent = self._whole = 0.0

    def looked(self) -> None:
        """Count one look. Raises NotAnswered when it was the last one."""
        self._whole += LOOK
        self._silent += LOOK
        if self._silent >= SILENCE:
            raise NotAnswered(SILENCE)
        if self._whole >= LONGEST:
            raise NotAnswered(LONGEST)

    def answered(self) -> None:
        """Begin the count of the silence anew."""
        self._silent = 0.0
