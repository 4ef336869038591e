"""A program that runs another one where the kernel's keyring is not what it should be.

`python -m tests.helpers.key_limits HOW PROGRAM …`: HOW is `EPERM` or `ENOSYS` (a seccomp filter answers the three
system calls of keys so, as container engines do), `kill:N` (the operation N of keyctl ends the process), `alone` (a new
session keyring that does not lead to the user's), `full` (the user's quota is used up; `clear` ends that) or `revoke`
(all keys of the user are revoked).
"""

import ctypes
import errno
import os
import platform
import struct
import sys

ADD_KEY, KEYCTL = {"x86_64": (248, 250), "aarch64": (217, 219)}[platform.machine()]
USER = -4
JOIN, REVOKE, CLEAR, READ = 1, 3, 7, 11
NO_NEW_PRIVILEGES, SECCOMP, FILTER = 38, 22, 2
LOAD, EQUAL, GREATER, RETURN = 0x20, 0x15, 0x25, 0x06
ALLOW, KILL, ERRNO = 0x7FFF0000, 0x80000000, 0x00050000
LIBC = ctypes.CDLL(None, use_errno=True)


def call(*words: object) -> int:
    """Make a system call; return -1 when it fails."""
    return int(LIBC.syscall(*words))


def confine(*lines: tuple[int, int, int, int]) -> None:
    """Install a seccomp filter (seccomp(2)): code, jump if true, jump if false, operand."""
    text = ctypes.create_string_buffer(b"".join(struct.pack("HBBI", *line) for line in lines))
    program = ctypes.create_string_buffer(struct.pack("HxxxxxxP", len(lines), ctypes.addressof(text)))
    assert LIBC.prctl(NO_NEW_PRIVILEGES, 1, 0, 0, 0) == 0
    assert LIBC.prctl(SECCOMP, FILTER, program, 0, 0) == 0, os.strerror(ctypes.get_errno())


def refuse(number: int) -> None:
    """Answer add_key, request_key and keyctl with an error: they have consecutive numbers."""
    confine(
        (LOAD, 0, 0, 0),
        (EQUAL, 2, 0, ADD_KEY),
        (EQUAL, 1, 0, ADD_KEY + 1),
        (EQUAL, 0, 1, KEYCTL),
        (RETURN, 0, 0, ERRNO | number),
        (RETURN, 0, 0, ALLOW),
    )


def kill_at(operation: int) -> None:
    """End the process at its first keyctl of that operation; the first argument is at offset 16."""
    confine(
        (LOAD, 0, 0, 0),
        (EQUAL, 0, 3, KEYCTL),
        (LOAD, 0, 0, 16),
        (EQUAL, 0, 1, operation),
        (RETURN, 0, 0, KILL),
        (RETURN, 0, 0, ALLOW),
    )


def fill() -> None:
    """Use up the quota in the user's keyring, for ten minutes at most."""
    size, number = 4000, 0
    while size:
        key = call(ADD_KEY, b"user", b"filler %d" % number, bytes(size), size, USER)
        call(KEYCTL, 15, key, 600)
        number += 1
        size = size if key != -1 else size // 2


def revoke_all() -> None:
    """Revoke every key of type `user` in the user's keyring."""
    call(KEYCTL, 8, USER, -2)
    found = (ctypes.c_int * 1000)()
    length = call(KEYCTL, READ, USER, found, ctypes.sizeof(found))
    for key in found[: length // 4]:
        call(KEYCTL, REVOKE, key)


def main(how: str, *words: str) -> None:
    """Limit the keyring, and become the program."""
    if how.startswith("kill:"):
        kill_at(int(how.removeprefix("kill:")))
    elif how == "alone":
        assert call(KEYCTL, JOIN, None) != -1
    elif how == "full":
        fill()
    elif how == "clear":
        call(KEYCTL, CLEAR, USER)
    elif how == "revoke":
        revoke_all()
    else:
        refuse(getattr(errno, how))
    os.execv(words[0], words)  # noqa: S606  # what this is for


if __name__ == "__main__":
    main(*sys.argv[1:])
