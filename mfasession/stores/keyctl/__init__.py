"""Keys of type `user` in the kernel's keyring of the user (keyrings(7), user-keyring(7), keyctl(2)), on Linux.

On the path of every command with `store = "kernel"`. glibc has no function for these system calls, and `syscall` is
reached through `_ctypes`: importing `ctypes` around it costs a fifth of a hit more.
"""

import os
import sys
from errno import EACCES, EDQUOT, EINVAL, EKEYEXPIRED, EKEYREJECTED, EKEYREVOKED, ENOKEY, ENOMEM, ENOSYS, EPERM

from mfasession.errors import StoreError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

LONGEST_TEXT = 32_767
"""Bytes in a key of type `user` (keyrings(7))."""
_LONGEST_NAME = 4_095
"""Bytes in the description of a key (add_key(2))."""
_LONGEST_TIME = 2**31 - 1
_USUAL = 4_096
"""Bytes of the first buffer; a longer text is read with a second call."""

# Special keyrings and operations, <linux/keyctl.h>.
_PROCESS, _USER = -2, -4
_SETPERM, _LINK, _UNLINK, _SEARCH, _READ, _SET_TIMEOUT = 5, 8, 9, 10, 11, 15
_POSSESSOR_ALONE = 0x3F000000
"""All permissions for whoever has the key in one of its own keyrings, none for the user, the group and others."""
_TYPE = b"user"
_LONG, _CHAR = {"_type_": "l"}, {"_type_": "c"}
"""What makes a type of C: its code in the module `struct`."""

_ADD_KEY_AND_KEYCTL = {
    "x86_64": (248, 250),
    "i386": (286, 288),
    "i686": (286, 288),
    "aarch64": (217, 219),
    "riscv64": (217, 219),
    "loongarch64": (217, 219),
    "armv6l": (309, 311),
    "armv7l": (309, 311),
    "ppc64le": (269, 271),
    "s390x": (278, 280),
}
"""The numbers of the system calls by machine (syscalls(2); the kernel's syscall tables)."""
_GONE = (ENOKEY, EKEYEXPIRED, EKEYREVOKED, EKEYREJECTED)
_ELSEWHERE = 'keep sessions elsewhere: --store file, or store = "file" or "keyring" in config.toml'
_system_call: "list[tuple[Callable[..., int], Callable[[], int], tuple[int, int]]]" = []
"""`syscall`, the reader of its errno and the two numbers, once they have been found."""


def read(name: str) -> bytes | None:
    """Return the text of the user's key of that name; None when there is none, or it has expired. Raises StoreError."""
    try:
        key = _keyctl(_SEARCH, _USER, _TYPE, _description(name), 0)
        try:
            return _content(key)
        except OSError as failure:
            if failure.errno != EACCES:
                raise
        # The session keyring does not lead to the user's (no pam_keyinit, systemd's KeyringMode=private), and its
        # possessor alone may read the key: from here on this process is one.
        _keyctl(_LINK, _USER, _PROCESS)
        return _content(key)
    except OSError as failure:
        if failure.errno in _GONE:
            return None
        raise _error(failure) from None


def keep(name: str, text: bytes, seconds: int) -> None:
    """Put a key in place of the one of that name, for so many seconds (at least one). Raises StoreError.

    It is made in the keyring of this process and linked to the user's when it is whole: killed at any point, the old
    key or the new one is there, and none without its end. It takes the space that `reserve` keeps.
    """
    if len(text) > LONGEST_TEXT:
        raise StoreError(f"the session is too long for the kernel's keyring ({len(text)} bytes)", _ELSEWHERE)
    description = _description(name)
    try:
        key = _add(description, text)
        try:
            _keyctl(_SET_TIMEOUT, key, min(max(seconds, 1), _LONGEST_TIME))
            _keyctl(_SETPERM, key, _POSSESSOR_ALONE)
            _keyctl(_LINK, key, _USER)
        finally:
            _let_go(key)
    except OSError as failure:
        raise _error(failure) from None


def remove(name: str) -> bool:
    """Remove the user's key of that name; return whether there was one that had not expired. Raises StoreError."""
    try:
        _keyctl(_UNLINK, _keyctl(_SEARCH, _USER, _TYPE, _description(name), 0), _USER)
    except OSError as failure:
        if failure.errno in _GONE:
            return False
        raise _error(failure) from None
    return True


def reserve(name: str, size: int) -> None:
    """Raise what `keep` would raise for a text of so many bytes, as far as that can be known. Raises StoreError.

    The space is kept until `keep` or `release` in the same thread: a key in the keyring of this process, to which
    `keep` gives its text (add_key(2): a key of the same name in the same keyring is updated).
    """
    try:
        key = _add(_description(name), bytes(size))
        try:
            # Whether the user's keyring can be reached, too.
            _keyctl(_SEARCH, _USER, _TYPE, _description(name), 0)
        except OSError as failure:
            if failure.errno not in _GONE:
                _let_go(key)
                raise
    except OSError as failure:
        raise _error(failure) from None


def release(name: str) -> None:
    """Give back what `reserve` keeps; a key that `keep` has linked to the user's keyring is not touched."""
    try:
        # The quota of a key that is removed is given back later, that of a shorter one at once.
        _let_go(_add(_description(name), b"-"))
    except (OSError, StoreError):
        # It ends with this process.
        return


def _let_go(key: int) -> None:
    """Remove a key from the keyring of this process, with which it ends at the latest."""
    try:
        _keyctl(_UNLINK, key, _PROCESS)
    except OSError:
        return


def _description(name: str) -> bytes:
    description = os.fsencode(name)
    if len(description) > _LONGEST_NAME or b"\0" in description:
        raise StoreError("the name of the section cannot be that of a key", "choose another session_profile")
    return description


def _content(key: int) -> bytes:
    from _ctypes import Array, _SimpleCData

    char = type("c_char", (_SimpleCData,), _CHAR)
    size = _USUAL
    while True:
        buffer = type("Buffer", (Array,), {"_type_": char, "_length_": size})()
        length = _keyctl(_READ, key, buffer, size)
        if length <= size:
            return bytes(memoryview(buffer).cast("B")[:length])
        size = length


def _add(description: bytes, text: bytes) -> int:
    call, _, (add_key, _) = _syscall()
    return _done(call(add_key, _TYPE, description, text, len(text), _PROCESS))


def _keyctl(*words: object) -> int:
    call, _, (_, keyctl) = _syscall()
    return _done(call(keyctl, *words))


def _done(result: int) -> int:
    if result == -1:
        number = _syscall()[1]()
        raise OSError(number, os.strerror(number))
    return result


def _syscall() -> "tuple[Callable[..., int], Callable[[], int], tuple[int, int]]":
    if _system_call:
        return _system_call[0]
    # A 32-bit Python on a 64-bit kernel makes the calls of another machine.
    numbers = _ADD_KEY_AND_KEYCTL.get(os.uname().machine) if sys.platform == "linux" else None
    if numbers is None or (sys.maxsize < 2**32 and numbers[0] < 280):
        where = "on Linux" if sys.platform != "linux" else "on this machine's processor"
        word = "only " if sys.platform != "linux" else "not "
        raise StoreError(f'store = "kernel" works {word}{where}', _ELSEWHERE)
    try:
        from _ctypes import FUNCFLAG_CDECL, FUNCFLAG_USE_ERRNO, CFuncPtr, _SimpleCData, dlopen, dlsym, get_errno

        kinds = {"_flags_": FUNCFLAG_CDECL | FUNCFLAG_USE_ERRNO, "_restype_": type("c_long", (_SimpleCData,), _LONG)}
        program = dlopen(None, 0)  # type: ignore[arg-type]  # None is the program itself, as in dlopen(3)
        call = type("Function", (CFuncPtr,), kinds)(dlsym(program, "syscall"))
    except (ImportError, AttributeError, OSError):
        raise StoreError('store = "kernel" does not work in this Python, which has no ctypes', _ELSEWHERE) from None
    _system_call.append((call, get_errno, numbers))
    return _system_call[0]


def _error(failure: OSError) -> StoreError:
    """Our error for what the kernel answered."""
    if failure.errno == EPERM:
        return StoreError(
            "the kernel's keyring is forbidden here: a seccomp filter blocks it, as in most containers", _ELSEWHERE
        )
    if failure.errno == ENOSYS:
        return StoreError("this kernel has no keyring for us, or a seccomp filter hides it", _ELSEWHERE)
    if failure.errno == EDQUOT:
        return StoreError(
            "your quota in the kernel's keyring is used up",
            "remove keys that you do not need (keyctl show @u), or let root raise kernel.keys.maxbytes and "
            "kernel.keys.maxkeys, or use --store file",
        )
    if failure.errno == ENOMEM:
        return StoreError("the kernel has no memory for the key", "try again, or use --store file")
    if failure.errno == EACCES:
        return StoreError("the kernel's keyring denies access to the key", _ELSEWHERE)
    if failure.errno == EINVAL:
        return StoreError("the kernel's keyring does not take the key", _ELSEWHERE)
    return StoreError(f"the kernel's keyring failed: {failure.strerror}", _ELSEWHERE)
