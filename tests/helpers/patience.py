"""How long the tests wait: all of it in one place, and by what else the machine has to do. A busy one is not broken.

Every time limit of a test is in seconds of an idle machine, and goes through here.
"""

import os
import time
from collections.abc import Callable
from typing import Any

_LEAST = 3.0
"""The machine may become busier while something is waited for."""
_MOST = 20.0


def _busy() -> float:
    """How many times longer than on an idle machine things may take now; 1 when each processor has half its work."""
    return min(max(2 * os.getloadavg()[0] / (os.cpu_count() or 1), 1.0), _MOST)


def scaled(seconds: float) -> float:
    """Return the limit for something that comes for certain: when it does not, the test waits in vain that long."""
    return seconds * max(_busy(), _LEAST)


def promised(seconds: float) -> float:
    """Return the limit for something that is promised within so many seconds."""
    return seconds * _busy()


def wait_for(found: Callable[[], Any], *, seconds: float = 60.0, why: Callable[[], object] = lambda: "") -> Any:
    """Return the first thing found that is true; fail after so many seconds, and say why then."""
    began = time.monotonic()
    while not (answer := found()):
        assert time.monotonic() - began < scaled(seconds), f"waited in vain: {why()}"
        time.sleep(0.02)
    return answer
