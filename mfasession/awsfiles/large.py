"""Searches a large credentials file for one section, piece by piece, so that the file is never in memory as a whole.

To fill fresh memory takes most of the time in which a file of megabytes is read.
"""

import os

from mfasession import files
from mfasession.awsfiles import SUFFIX, plain_section

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
        self._places: dict[bytes, int] = {}
        """Where the marks are that were searched for in it, see `_places`."""

    def section(self, name: str) -> "tuple[bool, dict[str, str] | None]":
        """Return what `plain_section` returns for the file's text; not plain, too, for all that it cannot search.

        Raises ConfigurationError when the file is unsafe, as `files.read_private` does.
        """
        if len(_mark(name)) > _LONGEST_MARK or not hasattr(os, "preadv"):
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
            return self._search(descriptor, status, name)
        finally:
            os.close(descriptor)

    def _search(self, descriptor: int, status: os.stat_result, name: str) -> "tuple[bool, dict[str, str] | None]":
        state = (status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns)
        if state != self._checked:
            self._checked, self._places = (), {}
        mark = _mark(name)
        if mark not in self._places:
            # A command reads a profile's section and its session's.
            found = _places(descriptor, status.st_size, name.removesuffix(SUFFIX), () if self._checked else _ODD)
            if found is None:
                return False, None
            self._checked = state
            self._places |= found
        place = self._places[mark]
        return plain_section("", name) if place < 0 else _section_at(descriptor, status.st_size, place, name)


def _mark(name: str) -> bytes:
    return f"[{name}]".encode("utf-8", "surrogateescape")


def _section_at(descriptor: int, size: int, place: int, name: str) -> "tuple[bool, dict[str, str] | None]":
    # With the line break before it and the header behind it, which say that it is a section of its own.
    begin = max(place - 1, 0)
    content = os.pread(descriptor, _LONGEST_SECTION, begin)
    mark = _mark(name)
    following = content.find(b"\n[", 1 + len(mark))
    is_whole = following >= 0 and content.find(b"\n", following + 1) >= 0
    if not content.startswith(mark, place - begin) or (not is_whole and begin + len(content) < size):
        return False, None
    return plain_section(content.decode("utf-8", "surrogateescape"), name)


def _places(descriptor: int, size: int, profile: str, odd: tuple[bytes, ...]) -> dict[bytes, int] | None:
    """Return the places of the headers of a profile's section and of its session's; -1 for one that is missing.

    None when a header is there several times, or for anything odd.
    """
    marks = _mark(profile), _mark(profile + SUFFIX)
    beginning = marks[0][:-1]
    piece = bytearray(PIECE)
    overlap = max(map(len, (*marks, *_ODD))) - 1
    places = dict.fromkeys(marks, -1)
    at = 0
    while at < size:
        count = os.preadv(descriptor, [piece], at)
        if any(piece.rfind(each, 0, count) >= 0 for each in odd) or (at == 0 and piece[:3] == b"\xef\xbb\xbf"):
            return None
        # Most pieces have neither: one search for what both begin with.
        if piece.rfind(beginning, 0, count) >= 0:
            for mark in marks:
                place = piece.rfind(mark, 0, count)
                if place < 0:
                    continue
                if places[mark] not in (-1, at + place) or piece.rfind(mark, 0, place + len(mark) - 1) >= 0:
                    return None
                places[mark] = at + place
        if count <= overlap and at + count < size:
            return None
        at += count if at + count >= size else count - overlap
    return places
