"""What a hit costs, in instructions: the same on every machine that has the same Python, however busy it is."""

import compileall
import re
import sys
from functools import cache
from pathlib import Path

import pytest

import mfasession
from mfasession.sandbox import SandboxUser
from tests.helpers.installation import installed, wheel
from tests.helpers.support import MFASESSION, Home, key_pair, missing, need, session_section

PACKAGE = Path(mfasession.__file__).parent
BUDGET = {("process",): 1.115, ("env",): 1.15, ("status",): 1.16, ("exec", "--", "true"): 1.142, ("login",): 1.145}
"""The instructions of a hit up to its end or its execve, as a multiple of those of `python -c pass`.

A command that costs less than it did gets a smaller budget.
"""
OTHER_PYTHON = 1.0 if sys.version_info[:2] == (3, 11) else 1.03
"""What another Python than that of the figures may take more."""
UNTIL_EXECVE = """
import os
from mfasession.cli import program
os.execve = lambda *_: os._exit(0)
program()
"""
"""valgrind reports nothing of a process that becomes another one."""


_counted: dict[tuple[str, ...], int] = {}
"""What was counted of starts that cost the same in every home."""


@cache
def _compile() -> None:
    """Compile and keep the package: what the first run does is not what the next ones cost."""
    assert compileall.compile_dir(PACKAGE, quiet=2)


def instructions(home: Home, *words: str) -> int:
    """Return how many a program executes before it ends or becomes another one (valgrind's callgrind)."""
    _compile()
    counted = (need("valgrind"), "--tool=callgrind", "--callgrind-out-file=/dev/null", *words)
    # From a shell that reads what it writes, as users run `env`: without one, it looks further for who asks.
    done = home.run_program(need("bash"), "-c", 'lines=$("$@")', "bash", *counted)
    assert done.returncode == 0, done.stderr
    (collected,) = re.findall(r"Collected : (\d+)", done.stderr)
    return int(collected)


def clean(home: Home, *others: str) -> None:
    """Keep neither this machine's locale nor what CI sets, and the same order of every set and dictionary."""
    home.environ = {name: home.environ[name] for name in ("PATH", "HOME", "SHELL", *others)}
    home.environ |= {"LANG": "C.UTF-8", "PYTHONHASHSEED": "0"}


def bare_start(home: Home) -> int:
    """Return the instructions of `python -c pass`, counted once."""
    return _once(home, sys.executable, "-c", "pass")


def plain_hit(home: Home, *words: str) -> int:
    """Return the instructions of a hit with nothing but a key and a session, counted once."""
    home.write_credentials(key_pair() + session_section())
    program = ("-c", UNTIL_EXECVE) if words[0] == "exec" else (MFASESSION,)
    return _once(home, sys.executable, *program, *words)


def _once(home: Home, *words: str) -> int:
    if words not in _counted:
        _counted[words] = instructions(home, *words)
    return _counted[words]


@pytest.mark.parametrize("words", BUDGET, ids=" ".join)
def test_a_hit_keeps_its_budget(home: Home, words: tuple[str, ...]) -> None:
    """A slow import fails here, whatever the machine does."""
    clean(home)
    bare, ours = bare_start(home), plain_hit(home, *words)
    assert ours / bare <= BUDGET[words] * OTHER_PYTHON, (
        f"{ours} instructions against {bare} of a bare start: {ours / bare:.3f}"
    )


GROWTH = {
    ("process", 10_000): 1.16,
    ("process", 100_000): 2.05,
    ("env", 10_000): 1.16,
    ("status", 10_000): 2.9,
}
"""The instructions of a hit beside so many other sections, as a multiple of those beside none.

Hits search for their sections; `status` checks every line.
"""


@pytest.mark.parametrize(("command", "sections"), GROWTH)
def test_a_hit_grows_little_with_the_file(home: Home, command: str, sections: int) -> None:
    """The session is the last section, and the sections before it are key pairs."""
    clean(home)
    alone = plain_hit(home, command)
    others = "".join(key_pair(f"profile{number}") for number in range(sections))
    home.write_credentials(key_pair() + others + session_section())
    ours = instructions(home, sys.executable, MFASESSION, command)
    assert ours / alone <= GROWTH[command, sections], f"{ours} instructions against {alone}: {ours / alone:.3f}"


INSTALLED = 1.21
"""As BUDGET, of `process` from the wheel in an environment without anything else, where Python starts faster."""


def test_a_hit_of_the_installed_wheel_keeps_its_budget(home: Home, tmp_path: Path) -> None:
    """The console script is part of it: older releases of pip wrote one that cost half as much as Python."""
    clean(home)
    home.write_credentials(key_pair() + session_section())
    script = installed(wheel(tmp_path / "dist"), tmp_path / "venv")
    bare = instructions(home, str(script.with_name("python")), "-c", "pass")
    ours = instructions(home, str(script), "process")
    assert ours / bare <= INSTALLED, f"{ours} instructions against {bare} of a bare start: {ours / bare:.3f}"


IN_STORE = {
    ("kernel", "process"): 1.215,
    ("kernel", "env"): 1.25,
    ("kernel", "status"): 1.29,
    ("kernel", "login"): 1.28,
    ("keyring", "process"): 1.295,
    ("keyring", "env"): 1.33,
    ("keyring", "status"): 1.385,
    ("keyring", "login"): 1.375,
}
"""As BUDGET, of a hit in the kernel's keyring or in the Secret Service."""


@pytest.mark.parametrize(("store", "command"), IN_STORE)
def test_a_hit_in_a_keyring_keeps_its_budget(keyring_home: Home, alice: SandboxUser, store: str, command: str) -> None:
    """No ctypes, no D-Bus library, no JSON and no TOML: each would cost a fifth more at the least."""
    home = keyring_home
    if store == "kernel" and not Path("/proc/keys").exists():
        missing("a kernel with keyrings")
    home.write_settings(f'store = "{store}"\n')
    done = home.run("login", "--code", alice.devices[0].code())
    assert done.returncode == 0, done.stderr
    clean(home, "DBUS_SESSION_BUS_ADDRESS")
    try:
        bare = bare_start(home)
        ours = instructions(home, sys.executable, MFASESSION, command)
    finally:
        home.run("logout")
    budget = IN_STORE[store, command] * OTHER_PYTHON
    assert ours / bare <= budget, f"{ours} instructions against {bare} of a bare start: {ours / bare:.3f}"


CONFIGURED = 1.015
"""The instructions of a hit with a configuration, as a multiple of those without: no TOML is read twice."""


def test_a_configuration_costs_little(home: Home) -> None:
    """What was read of it is kept."""
    clean(home)
    without = plain_hit(home, "process")
    home.write_settings(
        'duration = "8h"\ncode = { command = ["ykman", "oath", "accounts", "code", "-s", "AWS"] }\n'
        + "".join(f'[profiles.p{number}]\nmfa_serial = "phone-{number}"\n' for number in range(3))
    )
    assert home.run("process").returncode == 0
    configured = instructions(home, sys.executable, MFASESSION, "process")
    assert configured / without <= CONFIGURED, f"{configured} against {without}: {configured / without:.4f}"
