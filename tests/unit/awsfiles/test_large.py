"""Large files, which are searched on the disk: held to what is read of the whole text."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from mfasession import awsfiles, files
from mfasession.awsfiles import AwsFiles, large
from mfasession.errors import ConfigurationError
from tests.helpers.support import KEY_ID, key_pair, session_section
from tests.unit.awsfiles.test_ini import NAMES, examples, texts


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A private file that each example is written to."""
    folder = tmp_path_factory.mktemp("aws")
    folder.chmod(0o700)
    path = folder / "credentials"
    path.touch(0o600)
    return path


@pytest.fixture(scope="module", autouse=True)
def small_pieces() -> Iterator[None]:
    """Pieces of a few bytes, so that every mark is cut somewhere."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(large, "PIECE", 24)
        yield


@examples(500)
@given(text=texts(), name=st.sampled_from((*NAMES, "", "b", "missing")))
@example(text="[b]\nk = v\n[a]\nk = v\n[c]\nk = v\n", name="a")
@example(text="[a]\nk = v\n[b]\nk = [a]\n", name="a")
@example(text="[a]\nk = v\n" + "x = y\n" * 9 + "\0", name="a")
@example(text="[a]\nk = v\n" + "x = y\n" * 9 + "[DEFAULT]\nk = v\n", name="a")
@example(text="\ufeff[a]\nk = v\n", name="a")
@example(text="é[a]\nk = v\n", name="a")
@example(text="[b]\nk = é\n[a]\nk = é\n[c", name="a")
def test_a_section_is_found_on_the_disk_as_in_the_text(path: Path, text: str, name: str) -> None:
    """Whatever the search finds, the whole text has it; what it cannot judge is read whole."""
    path.write_bytes(text.encode("utf-8", "surrogateescape"))
    is_plain, found = large.LargeFile(str(path)).section(name)
    if is_plain:
        assert (True, found) == awsfiles.plain_section(text, name)


def test_a_section_behind_thousands_is_found_without_reading_the_text(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Three sections are looked up, one of them missing, and the file is never read whole."""
    monkeypatch.setattr(large, "PIECE", 128 * 1024)
    others = "".join(key_pair(f"profile{number}") for number in range(10_000))
    path.write_text(key_pair() + others + session_section() + key_pair("last"))
    assert path.stat().st_size > awsfiles.LARGE
    monkeypatch.setattr(files, "read_private", lambda *_: pytest.fail("the file was read whole"))
    read = AwsFiles({"AWS_SHARED_CREDENTIALS_FILE": str(path), "AWS_CONFIG_FILE": "/dev/null"})
    for section in ("default", "default-mfa", "profile9999", "last"):
        keys = read.credentials(section)
        assert keys is not None
        assert keys["aws_access_key_id"][4:] == KEY_ID[4:]
    assert read.credentials("missing") is None


def test_a_change_is_seen_when_the_file_is_read_again(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A second section of the same name, added later, is refused."""
    monkeypatch.setattr(awsfiles, "LARGE", 1)
    path.write_text(key_pair() + key_pair("last"))
    read = AwsFiles({"AWS_SHARED_CREDENTIALS_FILE": str(path), "AWS_CONFIG_FILE": "/dev/null"})
    assert read.credentials("default")
    with path.open("a") as file:
        file.write(key_pair())
    read.reread()
    with pytest.raises(ConfigurationError, match=r"section \[default\] appears twice"):
        read.credentials("default")


@examples(300)
@given(text=texts(), names=st.lists(st.sampled_from(("a", "a-mfa", "b", "b-mfa", "-mfa")), min_size=2, max_size=4))
@example(text="[a-mfa]\nk = v\n[b]\nk = v\n[a]\nk = v\n", names=["a", "a-mfa", "b"])
@example(text="[a-mfa]\nk = v\n[b]\nk = v\n[a-mfa]\nk = v\n", names=["a", "a-mfa"])
def test_sections_are_found_one_after_the_other_as_in_the_text(path: Path, text: str, names: list[str]) -> None:
    """What one search found of the next section is what that section's own search would find."""
    path.write_bytes(text.encode("utf-8", "surrogateescape"))
    searched = large.LargeFile(str(path))
    for name in names:
        is_plain, found = searched.section(name)
        if is_plain:
            assert (True, found) == awsfiles.plain_section(text, name)


@pytest.mark.parametrize(("first", "second"), [("default", "default-mfa"), ("default-mfa", "default")])
def test_a_profile_and_its_session_are_found_in_one_search(
    path: Path, monkeypatch: pytest.MonkeyPatch, first: str, second: str
) -> None:
    """Another section is searched for when it is asked for."""
    monkeypatch.setattr(large, "PIECE", 4 * 1024)
    path.write_text(key_pair() + "# \n" * 9_000 + key_pair("other") + session_section())
    places: list[int] = []
    read = os.preadv

    def noted(descriptor: int, buffers: list[bytearray], place: int) -> int:
        places.append(place)
        return read(descriptor, buffers, place)

    monkeypatch.setattr(os, "preadv", noted)
    searched = large.LargeFile(str(path))
    assert searched.section(first)[1]
    assert searched.section(second)[1]
    assert places.count(0) == 1
    assert len(places) == len(set(places)) > 4
    assert searched.section("other")[1]
    assert places.count(0) == 2


@pytest.mark.parametrize("mode", [0o644, 0o660])
def test_a_large_file_that_others_may_read_is_refused(path: Path, monkeypatch: pytest.MonkeyPatch, mode: int) -> None:
    """As a small one is."""
    monkeypatch.setattr(awsfiles, "LARGE", 1)
    path.write_text(key_pair())
    path.chmod(mode)
    read = AwsFiles({"AWS_SHARED_CREDENTIALS_FILE": str(path), "AWS_CONFIG_FILE": "/dev/null", "HOME": "/"})
    try:
        with pytest.raises(ConfigurationError, match="is open to other users"):
            read.credentials("default")
    finally:
        path.chmod(0o600)


def test_no_fifo_is_searched(tmp_path: Path) -> None:
    """Nor waited for: the reader of the whole file refuses it."""
    os.mkfifo(tmp_path / "fifo", 0o600)
    assert large.LargeFile(str(tmp_path / "fifo")).section("default") == (False, None)
    assert large.LargeFile(str(tmp_path / "missing")).section("default") == (False, None)
