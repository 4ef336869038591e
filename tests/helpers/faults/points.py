"""The system calls of a run at which a fault can be injected, from strace's record of a healthy run."""

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

SYNCING = ("write", "pwrite64", "writev", "fsync", "fdatasync", "ftruncate")
NAMING = ("rename", "renameat", "renameat2", "mkdir", "mkdirat", "link", "linkat")
REMOVING = ("fchmod", "chmod", "fchown", "unlink", "unlinkat")
CALLS = ("openat", *SYNCING, *NAMING, *REMOVING, "flock")
"""What touches files; those calls count that name a file of the home, or a descriptor of one."""
TALK = ("sendto", "sendmsg", "recvfrom", "recvmsg")
"""What talks to AWS and to the keyring. Only a kill is injected there: the network's faults are another matter."""
KEYS = ("add_key", "keyctl")
"""What changes and reads the kernel's keyring; every one of these counts."""
ERRORS: Mapping[str, Iterable[str]] = {
    "ENOSPC": (*SYNCING, *NAMING, "creat"),
    "EDQUOT": (*SYNCING, *NAMING, "creat", "add_key"),
    "EIO": ("openat", *SYNCING, *NAMING, *REMOVING),
    "EACCES": ("openat", *NAMING, *REMOVING, "keyctl"),
    "EROFS": (*NAMING, *REMOVING, "creat"),
    "ENOMEM": ("openat", "write", "mkdir", "renameat", "renameat2", "unlinkat", *KEYS),
    "ENOLCK": ("flock",),
}
"""Which calls may fail how; `creat` stands for an openat that makes a file."""


@dataclass(frozen=True, order=True)
class Point:
    """One system call of a run."""

    call: str
    path: str
    """What strace looks at, from the home; empty for a file that has another name in each home."""
    number: int
    """Among the calls of that name in its thread, on that path if there is one, from 1."""
    what: str = field(compare=False, default="")
    """The call as strace shows it."""

    @property
    def makes_a_file(self) -> bool:
        """Whether this call may make a file."""
        return self.call == "openat" and "O_CREAT" in self.what

    @property
    def changes(self) -> bool:
        """Whether this call changes a file, or may have AWS change something."""
        return self.makes_a_file or self.call in (*SYNCING, *NAMING, *REMOVING, *TALK, "add_key")

    def may(self, error: str) -> bool:
        """Return whether this call can fail so."""
        return self.call in ERRORS[error] or (self.makes_a_file and "creat" in ERRORS[error])


def without_folder(line: str) -> str:
    """Return a line of strace without the folder of the program: it says nothing when the path is absolute."""
    return re.sub(r"AT_FDCWD<[^>]*>", "AT_FDCWD", line)


def points(log: str, home: str, own: str) -> list[Point]:
    """Return the calls in strace's record that concern a home, or a socket, in their order.

    `own` is in the names of files that are called otherwise in another home.
    """
    counts: Counter[tuple[str, ...]] = Counter()
    found: dict[Point, None] = {}
    for line in log.splitlines():
        begun = re.match(r"(\d+) +(\w+)\(", line)
        if begun is None:
            continue
        process, call = begun.groups()
        plain = without_folder(line)
        # What was opened is no argument yet, and strace looks at those alone.
        given = re.sub(r"\) += .*", ")", plain)
        paths = list(dict.fromkeys(re.findall(rf'[<"]{re.escape(home)}/([^>"]*)[>"]', given)))
        # A key's name has the path of the home in it, and is no file.
        if call in KEYS:
            paths = []
        if paths or call in KEYS or (call in TALK and "<socket" not in plain):
            named = "" if not paths or re.search(rf"\.mfasession-|\.lock$|/unfinished/|{own}", paths[0]) else paths[0]
            number = counts[process, call, named] + 1 if named else counts[process, call] + 1
            found[Point(call, named, number, plain[begun.end(1) :].strip().replace(home, "~")[:160])] = None
        counts.update([(process, call), *((process, call, path) for path in paths)])
    return list(found)


def from_a_change(able: list[Point]) -> list[Point]:
    """Return the points from the first that changes something on, or all when nothing is changed."""
    first = next((number for number, point in enumerate(able) if point.changes), 0)
    return able[first:]
