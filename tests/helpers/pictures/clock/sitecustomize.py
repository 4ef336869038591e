"""Python imports this first when its folder is in PYTHONPATH: the clock is PICTURES_CLOCK seconds ahead.

The sandbox, mfasession and AWS CLI 1 are Python, so all of them have the same time. `time.monotonic` is the real one.
"""

import datetime as dt
import os
import time

_OFFSET = float(os.environ.get("PICTURES_CLOCK", "0"))
_real = time.time


class _Shifted(dt.datetime):
    """A datetime whose present is elsewhere."""

    @classmethod
    def now(cls, tz: "dt.tzinfo | None" = None) -> "_Shifted":
        """Return the time of the picture."""
        return cls.fromtimestamp(time.time(), tz)

    @classmethod
    def utcnow(cls) -> "_Shifted":
        """Return the time of the picture in UTC, without a time zone."""
        return cls.now(dt.UTC).replace(tzinfo=None)


time.time = lambda: _real() + _OFFSET
dt.datetime = _Shifted  # type: ignore[misc]
