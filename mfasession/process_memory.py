"""Keeps a process's memory, secrets and all, out of core dumps and from other processes of the same user.

Root, and whoever was attached before, still sees it. `disable_core_dumps` is on the path of every command. A program
that imports us decides about its own memory: there nothing is changed.
"""

import sys

_limits: "list[tuple[int, int]]" = []
"""RLIMIT_CORE as it was, soft and hard, while it is ours."""
_is_our_process = False
_PR_SET_DUMPABLE = 4
"""prctl(2), Linux."""


def disable_core_dumps() -> None:
    r"""Let no signal (ctrl-\ is one) write our memory to the disk; nothing where a platform has no such limit.

    Only the soft limit changes, so that it can be put back.
    """
    global _is_our_process  # noqa: PLW0603  # there is one process
    _is_our_process = True
    try:
        # A small extension module: a hundredth of a hit. `ctypes`, for prctl, would be a fifth.
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
    """Put the limit back: a program that takes our place has its own."""
    if _limits:
        from resource import RLIMIT_CORE, setrlimit

        setrlimit(RLIMIT_CORE, _limits.pop())


def deny_ptrace() -> None:
    """Close /proc/PID/mem, /proc/PID/environ and ptrace(2) to other processes of the same user, and cores for good.

    Linux alone, behind `disable_core_dumps`; it ends with execve. For the paths that are slow anyway.
    """
    if sys.platform != "linux" or not _is_our_process:
        return
    try:
        import ctypes

        ctypes.CDLL(None).prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0)
    except (ImportError, OSError, AttributeError):
        # A Python without ctypes, or a libc without prctl: the limit on cores is all there is.
        return
