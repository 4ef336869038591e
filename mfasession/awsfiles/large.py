"""Searches a large credentials file for one section, piece by piece, so that the file is never in memory as a whole.

To fill fresh memory takes most of the time in which a file of megabytes is read.
"""

import os

from mfasession import files
from mfasession.awsfiles import plain_section

PIECE = 128 * 1024
"""Bytes that are searched at once: they stay in the processor's cache."""
_LONGEST_SECTION = 64 * 1024
_LONGEST_MARK = 1024
_ODD = (b"\0", b"[DEFAULT]")
"""With these anywhere, a section depends on more than its own lines, see `awsfiles.plain_section`."""


class LargeFile:
    """A credentials file as long as it stays the same."""

    def __init__(self, path: str) -> None:
        self._path = path
        self._checked: tuple[int, ...] = ()
        """What the file was when nothing odd was found in it."""

    def section(self, name: str) -> "tuple[bool, dict[str, str] | None]":
        """Return what `plain_section` returns for the file's text; not plain, too, for all that it cannot search.

        Raises ConfigurationError when the file is unsafe, as `files.read_private` does.
        """
        mark = f"[{name}]".encode("utf-8", "surrogateescape")
        if len(mark) > _LONGEST_MARK or not hasattr(os, "preadv"):
            return False, None
        try:
            descriptor = os.open(self._path, files.READ)
        except OSError:
            # Reported by who reads the whole file.
            return False, None
        try:
            status = os.fstat(descriptor)
            if not files.is_regular(status) or status.st_size > files.SIZE_LIMIT:
                return False, None
            files.check_private(self._path, status)
            return self._search(descriptor, status, mark, name)
        finally:
            os.close(descriptor)

    def _search(
        self, descriptor: int, status: os.stat_result, mark: bytes, name: str
    ) -> "tuple[bool, dict[str, str] | None]":
        state = (status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns)
        places = _places(descriptor, status.st_size, mark, () if state == self._checked else _ODD)
        if places is None:
            return False, None
        self._checked = state
        if not places:
            return plain_section("", name)
        # With the line break before it and the header behind it, which say that it is a section of its own.
        begin = max(places.pop() - 1, 0)
        content = os.pread(descriptor, _LONGEST_SECTION, begin)
        following = content.find(b"\n[", 1 + len(mark))
        is_whole = following >= 0 and content.find(b"\n", following + 1) >= 0
        if not is_whole and begin + len(content) < status.st_size:
            return False, None
        return plain_section(content.decode("utf-8", "surrogateescape"), name)


def _places(descriptor: int, size: int, mark: bytes, odd: tuple[bytes, ...]) -> set[int] | None:
    """Return the one place of a mark, if there is one; None for several, or for anything odd."""
    piece = bytearray(PIECE)
    overlap = max(map(len, (mark, *_ODD))) - 1
    places: set[int] = set()
    at = 0
    while at < size:
        count = os.preadv(descriptor, [piece], at)
        if any(piece.rfind(each, 0, count) >= 0 for each in odd) or (at == 0 and piece[:3] == b"\xef\xbb\xbf"):
            return None
        place = piece.rfind(mark, 0, count)
        while place >= 0:
            places.add(at + place)
            place = piece.rfind(mark, 0, place + len(mark) - 1)
        if len(places) > 1 or (count <= overlap and at + count < size):
            return None
        at += count if at + count >= size else count - overlap
    return places
