"""Which code of others a run loads, and which it does not: what docs/threat-model.md says of that."""

import importlib.util
import json
import marshal
import os
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
from botocore.credentials import ProcessProvider

import mfasession
from mfasession.sandbox import SandboxUser
from tests.helpers.support import MFASESSION, SESSION_ID, Home, key_pair, session_section

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


def _in_the_path(folder: Path) -> dict[str, str]:
    return {"PYTHONPATH": str(plant(folder, "sitecustomize").parent)}


def _as_compiled(folder: Path) -> dict[str, str]:
    """Compiled code that claims to be of our own source (PEP 3147)."""
    mark = plant(folder, "theirs")
    source = Path(mfasession.__file__).parent / "values.py"
    prefix = sys.pycache_prefix
    sys.pycache_prefix = str(folder)
    try:
        compiled = Path(importlib.util.cache_from_source(str(source)))
    finally:
        sys.pycache_prefix = prefix
    compiled.parent.mkdir(parents=True)
    status = source.stat()
    code = compile(f"{mark.with_name('theirs.py').read_text()}{source.read_text()}", str(source), "exec")
    head = (0, int(status.st_mtime), status.st_size)
    words = b"".join(number.to_bytes(4, "little") for number in head)
    compiled.write_bytes(importlib.util.MAGIC_NUMBER + words + marshal.dumps(code))
    return {"PYTHONPYCACHEPREFIX": str(folder)}


ATTACKS: Mapping[str, Callable[[Path], dict[str, str]]] = {"path": _in_the_path, "compiled": _as_compiled}
"""Variables that make Python load code of others, by what they name."""


@pytest.mark.parametrize("attack", ATTACKS)
@pytest.mark.parametrize("flags", [(), ("-I",)], ids=["plain", "isolated"])
def test_isolated_mode_loads_nothing_from_the_environment(home: Home, attack: str, flags: tuple[str, ...]) -> None:
    """`python -I` in the credential_process line; without it the code runs."""
    home.write_credentials(key_pair() + session_section())
    folder = home.folder / "theirs"
    done = home.run_program(sys.executable, *flags, MFASESSION, "process", environ=ATTACKS[attack](folder))
    assert json.loads(done.stdout)["AccessKeyId"] == SESSION_ID
    assert (folder / "loaded").exists() is not bool(flags)


@pytest.mark.parametrize(("flags", "code"), [((), 1), (("-I",), 0)], ids=["plain", "isolated"])
def test_isolated_mode_starts_beside_another_pythons_home(home: Home, flags: tuple[str, ...], code: int) -> None:
    """PYTHONHOME is for one Python, and ends the start of any other one."""
    home.write_credentials(key_pair() + session_section())
    environ = {"PYTHONHOME": str(home.folder)}
    assert home.run_program(sys.executable, *flags, MFASESSION, "process", environ=environ).returncode == code


def test_botocore_runs_an_isolated_line(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    """As docs/sdks.md writes it, in a profile whose session is another one's."""
    home.write_credentials(key_pair("key") + session_section("key-mfa"))
    line = f"{sys.executable} -I {MFASESSION} process -p key"
    home.config.write_text(f"[profile work]\ncredential_process = {line}\n")
    assert json.loads(home.run("process", "-p", "work").stdout)["AccessKeyId"] == SESSION_ID
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    for name, value in home.environ.items():
        monkeypatch.setenv(name, value)
    provider = ProcessProvider("work", lambda: {"profiles": {"work": {"credential_process": line}}})
    credentials = provider.load()
    assert credentials is not None
    assert credentials.access_key == SESSION_ID


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
