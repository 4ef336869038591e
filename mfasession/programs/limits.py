"""The limit on our open files. Programs that we start get the limit that we were started with.

`resource` is imported where it is used: Windows has none, and shows help.
"""

from collections.abc import Iterator
from contextlib import contextmanager, suppress

_before: list[tuple[int, int]] = []
"""The original RLIMIT_NOFILE, soft and hard, while ours differs."""


def allow_files(wanted: int) -> None:
    """Raise the soft limit to `wanted`, as far as the hard limit allows: many systems have 256 or 1,024."""
    import resource

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
    """Restore the limit while the block starts a program."""
    import resource

    raised = resource.getrlimit(resource.RLIMIT_NOFILE)
    if _before:
        resource.setrlimit(resource.RLIMIT_NOFILE, _before[0])
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, raised)
