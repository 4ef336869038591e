"""Which code of others a run loads, and which it does not: what docs/threat-model.md says of that."""

import sys
from pathlib import Path

import pytest

from mfasession.sandbox import SandboxUser
from tests.helpers.support import Home

MODULES = ("argparse", "boto3", "botocore", "fcntl", "hashlib", "hmac", "json", "keyring", "random", "re", "secrets",
           "shlex", "socket", "subprocess", "tempfile", "threading", "tomllib", "typing", "urllib3")  # fmt: skip


def plant(folder: Path, name: str) -> Path:
    """Write a module that leaves a mark where it is loaded; the mark."""
    folder.mkdir(exist_ok=True)
    mark = folder / "loaded"
    (folder / f"{name}.py").write_text(f"open({str(mark)!r}, 'w').close()\n")
    return mark


def test_nothing_from_the_folder_that_it_runs_in(alices_home: Home, alice: SandboxUser) -> None:
    """Neither the program nor `python -m` takes modules from the current folder, which may belong to anyone."""
    marks = [plant(alices_home.folder, name) for name in MODULES]
    done = alices_home.run("login", "--code", alice.devices[0].code())
    assert done.returncode == 0, done.stderr
    for words in (("status", "--json"), ("keys", "list"), ("login", "--nonsense")):
        alices_home.run(*words)
        alices_home.run_program(sys.executable, "-m", "mfasession", *words)
    assert not any(mark.exists() for mark in marks)


@pytest.mark.parametrize("flags", [(), ("-P",)])
def test_a_package_of_our_name_in_the_folder(home: Home, flags: tuple[str, ...]) -> None:
    """Python alone decides what `-m mfasession` is: not promised, but with -P."""
    package = home.folder / "mfasession"
    mark = plant(package, "__main__")
    (package / "__init__.py").touch()
    home.run_program(sys.executable, *flags, "-m", "mfasession", "--version")
    assert mark.exists() is not bool(flags)


def test_python_loads_modules_from_the_environment(home: Home) -> None:
    """Not promised: it runs before our first line."""
    mark = plant(home.folder / "theirs", "sitecustomize")
    assert home.run("--version", environ={"PYTHONPATH": str(mark.parent)}).returncode == 0
    assert mark.exists()


def test_the_backend_that_keyringrc_names(home: Home) -> None:
    """Not promised: the keyring package loads what its own configuration names."""
    mark = plant(home.folder / "theirs", "backend")
    configured = home.folder / ".config" / "python_keyring" / "keyringrc.cfg"
    configured.parent.mkdir(parents=True)
    configured.write_text(f"[backend]\ndefault-keyring=backend.Backend\nkeyring-path={mark.parent}\n")
    home.run("keys", "add", "-", "--store", "keyring", stdin="AKIAIOSFODNN7EXAMPLE\n" + "x" * 40 + "\n")
    assert mark.exists()


@pytest.mark.parametrize("folder", ["named", ".aws/models"])
def test_descriptions_of_services_in_place_of_botocores(alices_home: Home, alice: SandboxUser, folder: str) -> None:
    """Not promised: AWS_DATA_PATH and ~/.aws/models come before botocore's own data (botocore.loaders)."""
    described = alices_home.folder / folder / "sts" / "2011-06-15"
    described.mkdir(parents=True)
    (described / "service-2.json").write_text("{}")
    environ = {"AWS_DATA_PATH": str(alices_home.folder / folder)} if folder == "named" else {}
    done = alices_home.run("login", "--code", alice.devices[0].code(), environ=environ)
    assert done.returncode not in (0, 4)
