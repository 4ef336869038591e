"""Keeps our memory, which may hold secrets, out of core dumps and away from other processes of the same user.

Root, and a debugger that is attached already, can still read it. Every command calls `disable_core_dumps`. Nothing is
changed in a program that imports us: it decides about its own memory.
"""

import sys

_limits: "list[tuple[int, int]]" = []
"""The original RLIMIT_CORE, soft and hard, while ours differs."""
_is_our_process = False
_PR_SET_DUMPABLE = 4
"""prctl(2), Linux."""


def disable_core_dumps() -> None:
    r"""Keep signals such as ctrl-\ from writing a core dump; do nothing on a platform without that limit.

    Only the soft limit changes, so that it can be restored.
    """
    global _is_our_process  # noqa: PLW0603  # there is one process
    _is_our_process = True
    try:
        # A small extension module: 1/100 of a hit. `ctypes`, for prctl, would be 1/5.
        from resource import RLIMIT_CORE, getrlimit, setrlimit
    except ImportError:
        return
    if not _limits:
        soft, hard = getrlimit(RLIMIT_CORE)
        # On Linux 0 still feeds a core_pattern that is a pipe (systemd-coredump, apport), and 1 byte feeds neither that
        # nor a file (fs/coredump.c; core(5)).
        setrlimit(RLIMIT_CORE, (1 if hard and sys.platform == "linux" else 0, hard))
        _limits.append((soft, hard))


def restore_core_limit() -> None:
    """Restore the limit, for a program that replaces us (execve)."""
    if _limits:
        from resource import RLIMIT_CORE, setrlimit

        setrlimit(RLIMIT_CORE, _limits.pop())


def deny_ptrace() -> None:
    """Deny other processes of the same user /proc/PID/mem, /proc/PID/environ and ptrace(2), and disable core dumps.

    Linux only, after `disable_core_dumps`; execve ends it. Only slow commands call it, because it imports `ctypes`.
    """
    if sys.platform != "linux" or not _is_our_process:
        return
    try:
        import ctypes

        ctypes.CDLL(None).prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0)
    except (ImportError, OSError, AttributeError):
        # Without ctypes or prctl, only the limit on core dumps is left.
        return
