"""How many files we may open, for ourselves alone: programs that we start have the limit that we were started with."""

import resource
from collections.abc import Iterator
from contextlib import contextmanager, suppress

_before: list[tuple[int, int]] = []
"""RLIMIT_NOFILE as it was, soft and hard, while ours is another one."""


def allow_files(wanted: int) -> None:
    """Raise the soft limit to so many, as far as the hard one lets us: many systems have 256 or 1,024."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft == resource.RLIM_INFINITY or soft >= wanted:
        return
    with suppress(OSError, ValueError):
        resource.setrlimit(
            resource.RLIMIT_NOFILE, (wanted if hard == resource.RLIM_INFINITY else min(wanted, hard), hard)
        )
        _before[:] = [(soft, hard)]


@contextmanager
def as_started() -> Iterator[None]:
    """Put the limit back while the block runs, which starts a program."""
    raised = resource.getrlimit(resource.RLIMIT_NOFILE)
    if _before:
        resource.setrlimit(resource.RLIMIT_NOFILE, _before[0])
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, raised)
