"""The configuration as one value, and the kept result of parsing it: fast, and never wrong."""

import marshal
import os
from collections.abc import Callable
from pathlib import Path

import pytest
import tomli_w
from hypothesis import given
from hypothesis import strategies as st

from mfasession import __version__, config
from mfasession.config import Config, ProfileSettings
from mfasession.errors import ConfigurationError

TEXT = """
default_profile = "work"
duration = "8h"
code = { command = ["oathtool", "", "a b"] }
[profiles.work]
mfa_serial = "arn:aws:iam::123456789012:mfa/phone"
duration = "1h"
[profiles.empty]
"""
COMMON = ProfileSettings(duration=8 * 3600, code=("command", "oathtool", "", "a b"))


class Place:
    """A configuration file and a cache folder of their own."""

    def __init__(self, folder: Path) -> None:
        self.file = folder / "config.toml"
        self.cache = folder / "cache" / "mfasession" / "config.parsed"
        self.environ = {
            "HOME": str(folder),
            "MFASESSION_CONFIG": str(self.file),
            "XDG_CACHE_HOME": str(folder / "cache"),
        }

    def load(self, text: str | None = None) -> Config:
        """Write the text, if one is given, and read the configuration."""
        if text is not None:
            self.file.write_text(text)
        return config.load(self.environ)


@pytest.fixture
def place(tmp_path: Path) -> Place:
    """An empty one."""
    return Place(tmp_path)


def plant(place: Place, path: str = "", **settings: "config.Scalar") -> None:
    """Change what is kept behind the source text, so that what is read shows where it comes from."""
    kept_path, text, flat = marshal.loads(place.cache.read_bytes().partition(b"\n")[2])  # noqa: S302  # our own
    flat.update({(name,): value for name, value in settings.items()})
    place.cache.write_bytes(config._sealed(marshal.dumps((path or kept_path, text, flat))))


def test_no_file_is_an_empty_configuration(tmp_path: Path) -> None:
    """Nothing needs to be configured, and nothing is kept of nothing."""
    assert config.load({"HOME": str(tmp_path), "XDG_CONFIG_HOME": "", "XDG_CACHE_HOME": ""}) == Config()
    assert list(tmp_path.iterdir()) == []


def test_a_named_file_must_be_there(place: Place) -> None:
    """A slip in MFASESSION_CONFIG is reported, and not taken for an empty configuration."""
    with pytest.raises(ConfigurationError) as caught:
        place.load()
    assert caught.value.message == f"no configuration at {place.file}"
    assert "MFASESSION_CONFIG" in caught.value.hint


def test_a_profile_has_its_own_settings_over_the_common_ones(place: Place) -> None:
    """What the profile's table says, else what stands above all tables, else the default."""
    loaded = place.load(TEXT)
    assert (loaded.path, loaded.default_profile, loaded.common) == (str(place.file), "work", COMMON)
    work = COMMON.replace(mfa_serial="arn:aws:iam::123456789012:mfa/phone", duration=3600)
    assert loaded.profiles == {"work": work, "empty": COMMON}
    assert (loaded.of("work"), loaded.of("empty"), loaded.of("unheard of")) == (work, COMMON, COMMON)


def test_the_same_text_is_not_parsed_twice(place: Place) -> None:
    """The second run takes the kept result, which only the text's every byte makes valid."""
    first = place.load(TEXT)
    assert place.load() == first
    plant(place, duration=36_000)
    assert place.load().common.duration == 36_000


@pytest.mark.parametrize(
    "change", [("8h", "9h"), ("\n[profiles.empty]", "\n# \n[profiles.empty]"), ('"work"', '"w\u00f6rk"')]
)
def test_another_text_is_parsed_anew(place: Place, change: tuple[str, str]) -> None:
    """One character more or less, in a comment too, and the kept result is of no use."""
    place.load(TEXT)
    plant(place, duration=36_000)
    assert place.load(TEXT.replace(*change)).common.duration == (9 * 3600 if "9h" in change else 8 * 3600)
    assert place.load(TEXT).common.duration == 8 * 3600


def test_a_cache_of_another_file_is_ignored(place: Place) -> None:
    """Two files may hold the same text."""
    place.load(TEXT)
    plant(place, str(place.file.with_name("other.toml")), duration=36_000)
    assert place.load().common.duration == 8 * 3600


@pytest.mark.parametrize("earlier", ["0.0.9.2", f"{__version__}.1", __version__])
def test_a_cache_of_another_version_is_ignored(place: Place, earlier: str) -> None:
    """Checks may have changed with the version, and how values are kept within one."""
    place.load(TEXT)
    plant(place, duration=36_000)
    kept = place.cache.read_bytes()
    other = kept.replace(kept.partition(b" ")[2].partition(b" ")[0] + b" ", f"{earlier} ".encode(), 1)
    assert kept != other
    place.cache.write_bytes(other)
    assert place.load().common.duration == 8 * 3600


@given(damage=st.integers(0), byte=st.integers(0, 255), cut=st.booleans())
def test_a_damaged_kept_result_is_not_taken(
    tmp_path_factory: pytest.TempPathFactory, damage: int, byte: int, *, cut: bool
) -> None:
    """Cut anywhere, or any byte changed: the text is parsed again, and no error is reported that is not the user's."""
    place = Place(tmp_path_factory.mktemp("damaged"))
    loaded = place.load(TEXT)
    kept = place.cache.read_bytes()
    at = damage % len(kept)
    place.cache.write_bytes(kept[:at] if cut else kept[:at] + bytes([byte]) + kept[at + 1 :])
    assert place.load() == loaded


@given(first=st.integers(0), second=st.integers(0))
def test_exchanged_bytes_are_noticed(tmp_path_factory: pytest.TempPathFactory, first: int, second: int) -> None:
    """A sum of all bytes would not see it."""
    place = Place(tmp_path_factory.mktemp("exchanged"))
    loaded = place.load(TEXT)
    kept = bytearray(place.cache.read_bytes())
    one, other = first % len(kept), second % len(kept)
    kept[one], kept[other] = kept[other], kept[one]
    place.cache.write_bytes(kept)
    assert place.load() == loaded


@pytest.mark.parametrize(
    "content",
    [
        *(b"", b"\n", b"\xff\xfe\x00", b"[default]\n", b"x" * 100_000, marshal.dumps(1)),
        *(
            config._sealed(body)
            for body in (b"", b"x", b"(\xff\xff\xff\x7f", marshal.dumps(None), marshal.dumps("abc"))
        ),
    ],
)
def test_a_foreign_file_in_its_place_is_not_taken(place: Place, content: bytes) -> None:
    """It is replaced by ours."""
    place.cache.parent.mkdir(parents=True)
    place.cache.write_bytes(content)
    assert place.load(TEXT).common == COMMON
    plant(place, duration=36_000)
    assert place.load().common.duration == 36_000


@pytest.mark.parametrize("mode", [0o622, 0o602, 0o644])
def test_a_kept_result_that_others_can_reach_is_not_taken(place: Place, mode: int) -> None:
    """In a shared cache folder any user could plant a `code` command for us to run: ours is private, or not ours."""
    place.load(TEXT)
    plant(place, code=("planted",))
    place.cache.chmod(mode)
    assert place.load().common.code == ("command", "oathtool", "", "a b")
    assert place.cache.stat().st_mode & 0o777 == 0o600


def make_folder(path: Path) -> None:
    """A folder where the kept result would be."""
    path.mkdir(parents=True)


def make_fifo(path: Path) -> None:
    """A FIFO there, which no reader may wait for."""
    path.parent.mkdir(parents=True)
    os.mkfifo(path)


def make_file_above(path: Path) -> None:
    """A file where the folder would be."""
    path.parent.parent.mkdir(parents=True)
    path.parent.touch()


def make_open_folder(path: Path) -> None:
    """A folder where any user may put files."""
    path.parent.mkdir(parents=True)
    path.parent.chmod(0o777)


def make_loop(path: Path) -> None:
    """A symbolic link to itself."""
    path.parent.mkdir(parents=True)
    path.symlink_to(path)


@pytest.mark.parametrize("make", [make_folder, make_fifo, make_file_above, make_open_folder, make_loop])
def test_without_a_writable_cache_only_speed_is_lost(place: Place, make: Callable[[Path], None]) -> None:
    """A broken cache does not fail the command: the configuration is read as ever, each time."""
    make(place.cache)
    assert place.load(TEXT).common == COMMON
    assert place.load().common == COMMON


def test_a_refused_text_is_not_kept(place: Place) -> None:
    """It is refused the second time too, with the same words."""
    for _ in range(2):
        with pytest.raises(ConfigurationError, match="must be from 15 min to 36 h"):
            place.load("duration = 1\n")
    assert not place.cache.exists()


@pytest.mark.parametrize(
    "text",
    [
        'code = { command = ["a\\u001fb"] }',
        'code = { command = ["a\\u001eb"] }',
        '[profiles."a\\tb"]\nsource = "x"',
        '[profiles."a\\u001fb"]\nsource = "x"',
        '[profiles."a\\u001eb"]\nsource = "x"',
        '[profiles."a.b"]\nsource = "é"',
        'code = { command = ["a\\nb", "\\r"] }\r\n',
    ],
)
def test_control_characters_in_the_text_do_no_harm(place: Place, text: str) -> None:
    """Names and words with separators and line ends in them come back as they were."""
    place.file.write_bytes(text.encode())
    first = place.load()
    assert place.load() == first
    assert place.load() == first


names = st.text(st.characters(codec="utf-8"), max_size=5)


@given(
    words=st.lists(st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=5), min_size=1, max_size=3),
    profiles=st.dictionaries(names, st.integers(900, 129_600), max_size=3),
    comment=st.text(st.characters(codec="utf-8", categories=["L", "P", "Z"]), max_size=5),
)
def test_the_cache_reads_as_the_parsed_file(
    tmp_path_factory: pytest.TempPathFactory, words: list[str], profiles: dict[str, int], comment: str
) -> None:
    """Any words and any names: the second reading equals the first."""
    place = Place(tmp_path_factory.mktemp("kept"))
    command = ["x" + words[0], *words[1:]]
    tree = {
        "code": {"command": command},
        "profiles": {name: {"duration": duration} for name, duration in profiles.items()},
    }
    place.file.write_bytes(f"# {comment}\n{tomli_w.dumps(tree)}".encode())
    first = place.load()
    assert first.common.code == ("command", *command)
    assert {name: settings.duration for name, settings in first.profiles.items()} == profiles
    assert place.load() == first
