"""What is released: the same source makes the same files, to the byte."""

import hashlib
import io
import json
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
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
from readme_renderer import markdown

from packages.pins import locked
from tests.helpers.patience import scaled
from tests.helpers.support import BIN

ROOT = BIN.parents[1]
NOT_RELEASED = shutil.ignore_patterns(
    ".git", ".venv", ".tools", "__pycache__", ".*_cache", ".hypothesis", ".junit*", "dist"
)

pytestmark = pytest.mark.checkout


def built(source: Path, folder: Path, *, umask: int) -> dict[str, bytes]:
    """Copy the checkout somewhere else and build what is released there; return the files by name."""
    shutil.copytree(ROOT, source, ignore=NOT_RELEASED, copy_function=shutil.copy)
    subprocess.run(
        [sys.executable, "-m", "packages", str(folder), "--no-zipapp"],
        cwd=source,
        umask=umask,
        check=True,
        capture_output=True,
        timeout=scaled(120),
    )
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def named(release: dict[str, bytes], end: str) -> bytes:
    """The file with this end of its name."""
    (found,) = [content for name, content in release.items() if name.endswith(end)]
    return found


@pytest.fixture(scope="module")
def release(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """One build."""
    folder = tmp_path_factory.mktemp("release")
    return built(folder / "here" / "mfasession", folder / "dist", umask=0o022)


def test_two_builds_are_one(release: dict[str, bytes], tmp_path: Path) -> None:
    """Another folder, another time and another umask: the same hashes of all files."""
    again = built(tmp_path / "elsewhere" / "checkout", tmp_path / "dist", umask=0o077)
    assert {name.rpartition(".")[2] for name in release} == {"whl", "gz", "txt", "json", "SHA256SUMS"}

    def hashes(files: dict[str, bytes]) -> dict[str, str]:
        return {name: hashlib.sha256(content).hexdigest() for name, content in files.items()}

    assert hashes(again) == hashes(release)


def test_contents_of_the_wheel(release: dict[str, bytes]) -> None:
    """The package, its shell files and its metadata; no test and no cache."""
    with zipfile.ZipFile(io.BytesIO(named(release, ".whl"))) as wheel:
        names = wheel.namelist()
    assert {"mfasession/cli/__init__.py", "mfasession/py.typed", "mfasession/sandbox/gateway.py"} <= set(names)
    assert {f"mfasession/shell/mfasession.{shell}" for shell in ("bash", "zsh", "fish")} <= set(names)
    assert {f"man1/mfasession-{name}.1" for name in ("login", "exec")} <= {each.partition("/man/")[2] for each in names}
    assert {each.partition("/")[0].partition("-")[0] for each in names} == {"mfasession"}
    modules = {str(path.relative_to(ROOT)) for path in (ROOT / "mfasession").rglob("*.py")}
    assert {each for each in names if each.endswith((".py", ".pyc"))} == modules


def test_contents_of_the_source_archive(release: dict[str, bytes]) -> None:
    """All that there is in a clone: the wheel is built from it, and the tests run in it."""
    with tarfile.open(fileobj=io.BytesIO(named(release, ".tar.gz"))) as archive:
        names = {each.name.partition("/")[2] for each in archive if each.isfile()}
    tops = {path.name for path in ROOT.iterdir()} - {".git", ".venv", ".tools", "dist", "build"}
    caches = {name for name in tops if name.endswith(("_cache", ".pyc")) or name.startswith((".junit", ".coverage"))}
    assert {each.partition("/")[0] for each in names} == (tops - caches - {".hypothesis", "__pycache__"}) | {
        "PKG-INFO",
        "man",
    }
    assert {
        "tests/requirements.txt",
        "tests/conftest.py",
        "shell/mfasession.bash",
        ".ci/run",
        "docs/policy.md",
    } <= names
    assert not [each for each in names if "__pycache__" in each]


def test_the_sums_are_those_of_the_files(release: dict[str, bytes]) -> None:
    """As `sha256sum --check` reads them."""
    sums = dict(line.split("  ")[::-1] for line in release["SHA256SUMS"].decode().splitlines())
    assert sums == {
        name: hashlib.sha256(content).hexdigest() for name, content in release.items() if name != "SHA256SUMS"
    }


def test_the_constraints_are_those_of_an_installation(release: dict[str, bytes]) -> None:
    """Each package that is imported, with the version that the tests ran with; the wheel among them; no test's own."""
    pins = locked(named(release, "-constraints.txt").decode())
    tested = locked((ROOT / "tests" / "requirements.txt").read_text())
    wheel = hashlib.sha256(named(release, ".whl")).hexdigest()
    assert wheel in pins.pop("mfasession").hashes
    assert all(pin == tested[name] for name, pin in pins.items())
    assert {"boto3", "botocore", "keyring", "secretstorage", "jeepney", "cryptography", "joserfc", "tomli-w"} <= set(
        pins
    )
    assert not {"moto", "pytest", "awscli", "ruff"} & set(pins)


def test_pip_takes_the_constraints_and_refuses_another_file(release: dict[str, bytes], tmp_path: Path) -> None:
    """Pip documentation, "Secure installs": with one hash, all are required."""
    (wheel,) = [name for name in release if name.endswith(".whl")]
    (constraints,) = [name for name in release if name.endswith("-constraints.txt")]
    for name in (wheel, constraints):
        (tmp_path / name).write_bytes(release[name])
    words = ("download", "--no-deps", "--no-index", "--find-links", ".", "--dest", "got", "--constraint", constraints)

    def pip() -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "pip", *words, f"mfasession=={wheel.split('-')[1]}"]
        return subprocess.run(command, cwd=tmp_path, check=False, capture_output=True, text=True, timeout=scaled(60))

    assert pip().returncode == 0
    shutil.rmtree(tmp_path / "got")
    with zipfile.ZipFile(tmp_path / wheel, "a") as changed:
        changed.writestr("mfasession/more.py", "")
    done = pip()
    assert done.returncode == 1
    assert "THESE PACKAGES DO NOT MATCH THE HASHES" in done.stderr


def test_the_list_of_contents_is_valid(release: dict[str, bytes]) -> None:
    """CycloneDX 1.6 (ECMA-424), by the published schema; a licence for each package."""
    text = named(release, ".cdx.json").decode()
    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(text) is None
    contents = json.loads(text)
    assert contents["metadata"]["component"]["licenses"] == [{"license": {"id": "MIT"}}]
    parts = {each["name"]: each for each in contents["components"]}
    assert set(parts) == set(locked(named(release, "-constraints.txt").decode())) - {"mfasession"}
    assert [name for name, part in parts.items() if not part["licenses"]] == []


@pytest.fixture(scope="module")
def metadata(release: dict[str, bytes]) -> Message:
    """What the built wheel says of itself (Core metadata specification)."""
    with zipfile.ZipFile(io.BytesIO(named(release, ".whl"))) as wheel:
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


def test_the_readme_is_shown_whole(metadata: Message) -> None:
    """By what a package index renders it with: every heading and table, and no image or link that leads nowhere."""
    assert metadata["Description-Content-Type"] == "text/markdown"
    page = markdown.render(str(metadata.get_payload()))
    assert page is not None
    readme = (ROOT / "README.md").read_text()
    assert page.count("<h2") == len(re.findall(r"^## ", readme, re.MULTILINE))
    assert page.count("<table>") == len(re.findall(r"^\| --- ", readme, re.MULTILINE))
    for link in re.findall(r'(?:href|src|srcset)="([^"]+)"', page):
        assert link.startswith(("https://", "#")), link
