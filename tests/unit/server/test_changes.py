"""Whoever waits for files is woken by a change of one of them, wherever it is and whatever is there yet."""

import asyncio
import math
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from mfasession.server.changes import LONGEST, LOOK, Changes
from tests.helpers.patience import scaled

Change = Callable[[Path], object]


def followed(path: Path, change: Change, seconds: float) -> tuple[float, bool]:
    """For how long one may wait for a file, and whether a change wakes those who do within so many seconds."""

    async def wait() -> tuple[float, bool]:
        watched = Changes()
        longest = watched.follow([str(path)])
        waits = [asyncio.create_task(watched.wait(seconds, since=0)) for _ in range(2)]
        await asyncio.sleep(0)
        began = time.monotonic()
        change(path)
        await asyncio.gather(*waits)
        watched.close()
        return longest, time.monotonic() - began < seconds

    return asyncio.run(wait())


def replace(path: Path) -> None:
    """Put a new file in place, as an editor does."""
    (path.parent / "new").write_text("new")
    (path.parent / "new").rename(path)


MADE: dict[str, Change] = {
    "written": lambda path: path.write_text("b"),
    "appended to": lambda path: path.open("a").write("b"),
    "replaced": replace,
    "removed": lambda path: path.unlink(),
    "its mode": lambda path: path.chmod(0o644),
    "its folder moved": lambda path: path.parent.rename(path.parent.with_name("other")),
}


@pytest.mark.parametrize("change", MADE.values(), ids=MADE)
def test_a_change_is_seen(tmp_path: Path, change: Change) -> None:
    """At once, by all who wait."""
    path = tmp_path / "folder" / "credentials"
    path.parent.mkdir()
    path.write_text("a")
    assert followed(path, change, scaled(20)) == (LONGEST, True)


def test_a_file_behind_a_link(tmp_path: Path) -> None:
    """The credentials file may be a link into another folder."""
    (tmp_path / "real").mkdir()
    (tmp_path / "real/file").write_text("a")
    (tmp_path / "credentials").symlink_to("real/file")
    changed = followed(tmp_path / "credentials", lambda _: (tmp_path / "real/file").write_text("b"), scaled(20))
    assert changed == (LONGEST, True)


def test_a_folder_that_is_made(tmp_path: Path) -> None:
    """The first login makes its folders; each that appears lets us look again."""
    made = followed(tmp_path / "a/b/file", lambda path: path.parent.mkdir(parents=True), scaled(20))
    assert made == (LONGEST, True)


def test_another_file_wakes_no_one(tmp_path: Path) -> None:
    """A home folder is full of them."""
    assert followed(tmp_path / "file", lambda path: path.with_name("other").write_text("a"), 0.3) == (LONGEST, False)


def test_a_system_that_reports_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Then the files are looked at each second, as on macOS."""
    monkeypatch.setattr(sys, "platform", "darwin")
    assert followed(tmp_path / "file", lambda path: path.write_text("a"), 0.1) == (LOOK, False)


def test_a_change_during_a_look_is_seen(tmp_path: Path) -> None:
    """A file is half-written when a program looks at it, and whole when the program waits again."""

    async def look() -> bool:
        watched = Changes()
        watched.follow([str(tmp_path / "file")])
        number = watched.number
        (tmp_path / "file").write_text("a")
        changed = [await watched.wait(scaled(20), since=number) for _ in range(2)]
        watched.close()
        return all(changed)

    began = time.monotonic()
    assert asyncio.run(look())
    assert time.monotonic() - began < scaled(20)


def test_a_wait_without_end_can_be_cancelled(tmp_path: Path) -> None:
    """As when the server ends."""

    async def wait() -> None:
        watched = Changes()
        watched.follow([str(tmp_path / "file")])
        waiting = asyncio.create_task(watched.wait(math.inf, since=0))
        await asyncio.sleep(0)
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting
        watched.close()

    asyncio.run(wait())
