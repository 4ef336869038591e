"""What is released: the same source makes the same files, to the byte."""

import hashlib
import re
import shutil
import subprocess
import sys
import tarfile
import zipfile
from email import message_from_bytes
from email.message import Message
from pathlib import Path

import pytest

from tests.helpers.patience import scaled
from tests.helpers.support import BIN

ROOT = BIN.parents[1]
RELEASED = ("mfasession", "shell", "pyproject.toml", "README.md", "CHANGELOG.md", "LICENSE", ".gitignore")


def built(source: Path, folder: Path, *, umask: int) -> dict[str, bytes]:
    """Copy the source somewhere else and build it there; return the files by name."""
    for name in RELEASED:
        path = ROOT / name
        if path.is_dir():
            shutil.copytree(
                path, source / name, ignore=shutil.ignore_patterns("__pycache__"), copy_function=shutil.copy
            )
        else:
            source.mkdir(parents=True, exist_ok=True)
            shutil.copy(path, source / name)
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-d", str(folder)],
        cwd=source,
        umask=umask,
        check=True,
        capture_output=True,
        timeout=scaled(120),
    )
    return {path.name: path.read_bytes() for path in folder.iterdir()}


@pytest.fixture(scope="module")
def release(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """One build."""
    folder = tmp_path_factory.mktemp("release")
    return built(folder / "here" / "mfasession", folder / "dist", umask=0o022)


def test_two_builds_are_one(release: dict[str, bytes], tmp_path: Path) -> None:
    """Another folder, another time and another umask: the same hashes of the wheel and of the source archive."""
    again = built(tmp_path / "elsewhere" / "checkout", tmp_path / "dist", umask=0o077)
    assert {name.rpartition(".")[2] for name in release} == {"whl", "gz"}

    def hashes(files: dict[str, bytes]) -> dict[str, str]:
        return {name: hashlib.sha256(content).hexdigest() for name, content in files.items()}

    assert hashes(again) == hashes(release)


def test_contents_of_the_wheel(release: dict[str, bytes], tmp_path: Path) -> None:
    """The package, its shell files and its metadata; no test and no cache."""
    name = next(name for name in release if name.endswith(".whl"))
    (tmp_path / name).write_bytes(release[name])
    with zipfile.ZipFile(tmp_path / name) as wheel:
        names = wheel.namelist()
    assert {"mfasession/cli/__init__.py", "mfasession/py.typed", "mfasession/sandbox/gateway.py"} <= set(names)
    assert {f"mfasession/shell/mfasession.{shell}" for shell in ("bash", "zsh", "fish")} <= set(names)
    assert {each.partition("/")[0].partition("-")[0] for each in names} == {"mfasession"}
    assert not [each for each in names if "__pycache__" in each or "test_" in each or "/tests/" in each]


def test_contents_of_the_source_archive(release: dict[str, bytes], tmp_path: Path) -> None:
    """All that the wheel is built from."""
    name = next(name for name in release if name.endswith(".tar.gz"))
    (tmp_path / name).write_bytes(release[name])
    with tarfile.open(tmp_path / name) as archive:
        names = {each.partition("/")[2] for each in archive.getnames()}
    assert {
        "pyproject.toml",
        "README.md",
        "LICENSE",
        "CHANGELOG.md",
        "shell/mfasession.bash",
        "mfasession/cli/__init__.py",
    } <= names


@pytest.fixture(scope="module")
def metadata(release: dict[str, bytes], tmp_path_factory: pytest.TempPathFactory) -> Message:
    """What the built wheel says of itself (Core metadata specification)."""
    name = next(name for name in release if name.endswith(".whl"))
    path = tmp_path_factory.mktemp("wheel") / name
    path.write_bytes(release[name])
    with zipfile.ZipFile(path) as wheel:
        (inside,) = [each for each in wheel.namelist() if each.endswith(".dist-info/METADATA")]
        return message_from_bytes(wheel.read(inside))


def urls(metadata: Message) -> dict[str, str]:
    """The project's URLs by their labels."""
    return dict(str(line).split(", ", 1) for line in metadata.get_all("Project-URL", []))


def test_the_metadata_has_a_contact_and_urls(metadata: Message) -> None:
    """Whoever has only the package finds its page, its issues and who maintains it."""
    assert re.fullmatch(r"The mfasession developers <[^<>@\s]+@[^<>@\s]+>", str(metadata["Maintainer-email"]))
    assert metadata["Author-email"] == metadata["Maintainer-email"]
    assert set(urls(metadata)) == {"Homepage", "Documentation", "Changelog", "Issues", "Security"}
    assert all(url.startswith("https://") for url in urls(metadata).values())


def test_the_way_to_report_a_weakness_is_in_the_metadata(metadata: Message) -> None:
    """SECURITY.md sends users to an address that the package has, too."""
    (named,) = re.findall(r"private report: <([^>]+)>", (ROOT / "SECURITY.md").read_text())
    assert urls(metadata)["Security"] == named
