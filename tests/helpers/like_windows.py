"""Runs command lines of ours in a Python that lacks what Windows' lacks; started as a program of its own.

stdin: a JSON list of lists of words. stdout: a JSON list of `[exit code, stdout, stderr]`. No Windows is needed, and
none is proven: modules, functions and signals that the documentation marks "Availability: Unix" are taken away before
the first import of ours.
"""

import _signal  # type: ignore[import-not-found]  # typeshed has `signal` alone
import contextlib
import io
import json
import os
import signal
import ssl  # noqa: F401  # before its half for Windows would be imported
import sys
from importlib.machinery import ModuleSpec
from types import ModuleType

MODULES = (
    "fcntl",
    "grp",
    "pty",
    "pwd",
    "readline",
    "resource",
    "syslog",
    "termios",
    "tty",
    "_curses",
    "_posixsubprocess",
)
SIGNALS = {"SIGABRT", "SIGFPE", "SIGILL", "SIGINT", "SIGSEGV", "SIGTERM"}
FUNCTIONS = (
    *(
        "chown",
        "fchmod",
        "fchown",
        "fork",
        "fpathconf",
        "getegid",
        "geteuid",
        "getgid",
        "getgroups",
        "getpgid",
        "getpgrp",
    ),
    *("getuid", "getxattr", "killpg", "lchown", "listxattr", "memfd_create", "mkfifo", "setsid", "setxattr", "statvfs"),
    *("tcgetpgrp", "tcsetpgrp", "uname", "wait3", "wait4", "O_CLOEXEC", "O_DIRECTORY", "O_NOCTTY", "O_NOFOLLOW"),
    *("O_NONBLOCK", "WCONTINUED", "WNOHANG", "WUNTRACED"),
)


class _Missing:
    """Finds none of the modules that Windows' Python does not have."""

    def find_spec(self, name: str, _path: object = None, _target: object = None) -> ModuleSpec | None:
        if name in MODULES:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)
        return None


def _own(name: str) -> ModuleType:
    """A module that only Windows' Python has: all its constants are 0."""
    module = ModuleType(name)

    def constant(attribute: str) -> int:
        if attribute.startswith("__"):
            raise AttributeError(attribute)
        return 0

    module.__getattr__ = constant  # type: ignore[method-assign]
    return module


def become() -> None:
    """Take away what is POSIX's."""
    sys.meta_path.insert(0, _Missing())
    for name in MODULES:
        sys.modules.pop(name, None)
    for module in (signal, _signal):
        for name in [name for name in vars(module) if name.startswith("SIG") and name.isalnum()]:
            if name not in SIGNALS:
                delattr(module, name)
    for name in FUNCTIONS:
        if hasattr(os, name):
            delattr(os, name)
    for name in ("msvcrt", "winreg", "_overlapped", "_winapi"):
        sys.modules[name] = _own(name)
    sys.platform = "win32"


def _run(words: list[str]) -> tuple[int, str, str]:
    from mfasession import cli

    out, err = io.TextIOWrapper(io.BytesIO(), "utf-8"), io.TextIOWrapper(io.BytesIO(), "utf-8")
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        code = cli.main(words)
    texts = []
    for stream in (out, err):
        stream.seek(0)
        texts.append(stream.read())
    return code, texts[0], texts[1]


if __name__ == "__main__":
    become()
    json.dump([_run(words) for words in json.load(sys.stdin)], sys.stdout)
