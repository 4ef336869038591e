"""What adds to an installation, as pipx, uv, pip and shiv keep theirs."""

import sys
import zipfile
from pathlib import Path

import pytest

from mfasession import installation

PIP = f"{sys.executable} -m pip install"


@pytest.mark.parametrize(
    ("receipt", "extra", "package", "repair"),
    [
        (
            "pipx_metadata.json",
            "pipx inject --force mfasession 'mfasession[sandbox]'",
            "pipx inject --force mfasession keyring",
            "pipx reinstall mfasession",
        ),
        (
            "uv-receipt.toml",
            "uv tool install 'mfasession[sandbox]'",
            "uv tool install --with keyring mfasession",
            "uv tool upgrade --reinstall mfasession",
        ),
        ("", f"{PIP} 'mfasession[sandbox]'", f"{PIP} keyring", f"{PIP} --force-reinstall mfasession"),
    ],
)
def test_the_command_that_adds_a_package(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, receipt: str, extra: str, package: str, repair: str
) -> None:
    """By the file that each installer leaves in the environment, whose folder has the program's name."""
    folder = tmp_path / "mfasession"
    folder.mkdir()
    if receipt:
        (folder / receipt).touch()
    monkeypatch.setattr(sys, "prefix", str(folder))
    assert installation.adding("mfasession[sandbox]") == extra
    assert installation.adding("keyring") == package
    assert installation.repairing() == repair


@pytest.mark.parametrize(
    ("receipt", "line"),
    [
        ("pipx_metadata.json", "pipx uninstall mfasession"),
        ("uv-receipt.toml", "uv tool uninstall mfasession"),
        ("", f"{sys.executable} -m pip uninstall mfasession"),
        ("archive", "rm "),
    ],
)
def test_the_command_that_removes_the_program(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, receipt: str, line: str
) -> None:
    """That of the installer; a zipapp is one file."""
    folder = tmp_path / "mfasession"
    folder.mkdir()
    program = folder / receipt
    if receipt == "archive":
        with zipfile.ZipFile(program, "w") as archive:
            archive.writestr("__main__.py", "")
        line += str(program)
    elif receipt:
        program.touch()
    monkeypatch.setattr(sys, "prefix", str(folder))
    monkeypatch.setattr(sys, "argv", [str(program)])
    assert installation.removing() == line


@pytest.fixture
def zipapp(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """The path of the one file that runs, in a folder with a space; shiv has unpacked it into another one."""
    path = tmp_path / "my programs" / "mfasession.pyz"
    path.parent.mkdir()
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("__main__.py", "")
    monkeypatch.setattr(sys, "argv", [str(path)])
    monkeypatch.setattr(sys, "executable", "python")
    package = tmp_path / ".shiv" / "mfasession.pyz_0f" / "site-packages" / "mfasession"
    monkeypatch.setattr(installation, "__file__", str(package / "installation.py"))
    return str(path)


def test_a_zipapp_takes_no_packages(zipapp: str) -> None:
    """Neither pip nor uv adds to the file: an installation can be added to, and `keyring` is in the file."""
    assert installation.adding("mfasession[sandbox]") == "pipx install 'mfasession[sandbox]'"
    assert installation.adding("pyyaml") == "pipx install mfasession && pipx inject mfasession pyyaml"
    assert installation.program("awscli") == "pipx install awscli"
    assert installation.repairing() == f"SHIV_FORCE_EXTRACT=1 python '{zipapp}' --version"
    assert installation.keyring("diagnose") == f"SHIV_ENTRY_POINT=keyring.cli:main python '{zipapp}' diagnose"


def test_a_zipapp_is_removed_with_what_it_unpacked(zipapp: str, tmp_path: Path) -> None:
    """Shiv leaves a folder and a lock in ~/.shiv."""
    unpacked = tmp_path / ".shiv" / "mfasession.pyz_0f"
    lock = tmp_path / ".shiv" / ".mfasession.pyz_0f_lock"
    assert installation.removing() == f"rm -r '{zipapp}' {unpacked} {lock}"


@pytest.mark.parametrize("receipt", ["pipx_metadata.json", "uv-receipt.toml", ""])
def test_the_page_says_what_hints_say(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, receipt: str) -> None:
    """docs/policy.md: how PyYAML is added, for each way that this program may have been installed."""
    folder = tmp_path / "mfasession"
    folder.mkdir()
    if receipt:
        (folder / receipt).touch()
    monkeypatch.setattr(sys, "prefix", str(folder))
    monkeypatch.setattr(sys, "executable", "python")
    page = " ".join((Path(__file__).parents[2] / "docs" / "policy.md").read_text().split())
    assert f"`{installation.adding('pyyaml')}`" in page


def test_a_python_without_pip(monkeypatch: pytest.MonkeyPatch) -> None:
    """An environment that uv made has none."""
    monkeypatch.setattr(installation, "find_spec", lambda _: None)
    assert installation.adding("keyring") == f"uv pip install --python {sys.executable} keyring"


def test_the_keyring_program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its name alone where it is the one of this installation; else by this Python, which knows the same backends."""
    assert installation.keyring("diagnose") in (f"{sys.executable} -m keyring diagnose", "keyring diagnose")
    ours = tmp_path / "bin" / "keyring"
    ours.parent.mkdir()
    ours.touch(mode=0o755)
    monkeypatch.setattr(sys, "prefix", str(tmp_path))
    monkeypatch.setenv("PATH", str(ours.parent))
    assert installation.keyring("get", "a b") == "keyring get 'a b'"
    monkeypatch.setenv("PATH", "/nowhere")
    assert installation.keyring("diagnose") == f"{sys.executable} -m keyring diagnose"
