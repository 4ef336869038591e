"""Which programs a command starts: those that the user named, and no other, while secrets are in memory."""

import os
import sys

import pytest

from mfasession.sandbox import Sandbox, SandboxUser
from tests.helpers.faults.canaries import Run, programs_in
from tests.helpers.patience import scaled
from tests.helpers.support import Home

SOURCE = "code = {{ command = ['cat', '{path}'] }}\n"
COMMANDS: tuple[tuple[str, list[str]], ...] = (
    ("login", ["cat"]),
    ("status", []),
    ("notify", []),
    ("profiles", []),
    ("whoami", []),
    ("doctor", []),
    ("config list", []),
    ("config set duration 8h", []),
    ("env", []),
    ("process", []),
    ("process -p admin", []),
    ("exec -- true", ["true"]),
    ("exec --server -- true", [os.path.basename(sys.executable), "true"]),
    ("exec -p default -p admin -- true", ["true", "true"]),
    ("console -p admin --print", []),
    ("mfa list", []),
    ("policy show", []),
    ("shell init bash", []),
    ("keys list", []),
    ("keys protect", []),
    ("keys list --json", []),
    ("keys rotate", []),
    ("logout --all", []),
    ("keys remove --yes", []),
    ("uninstall --yes", []),
)
"""A day, and the programs of each command; beside an endpoint a Python of ours guards its port."""


def started(run: Run) -> list[str]:
    """The first words of what was started on the way, without ourselves; strace quotes them."""
    return [words.partition('", ')[0].strip('"').rpartition("/")[2] for words, _ in run.programs[1:]]


AT_ONCE = """1 execve("/bin/a", ["a", "1"], ["X=1"]) = 0
2 execve("/bin/b", ["b"], ["X=2"] <unfinished ...>
3 execve("/bin/c", ["c"], ["X=3"] <unfinished ...>
2 <... execve resumed>)              = 0
4 execve("/bin/d", ["d"], ["X=4"]) = -1 ENOENT (No such file or directory)
3 <... execve resumed>) = 0
"""


def test_programs_that_start_at_once_are_all_seen() -> None:
    """Strace cuts a call in two when another process does something meanwhile."""
    assert programs_in(AT_ONCE) == [('"a", "1"', '"X=1"'), ('"b"', '"X=2"'), ('"c"', '"X=3"')]


@pytest.mark.timeout(scaled(300))
@pytest.mark.parametrize("store", ["file", "keyring"])
def test_none_but_what_the_user_named(keyring_home: Home, aws: Sandbox, alice: SandboxUser, store: str) -> None:
    """jaraco/keyring#420: a command runs no compiler, no linker and nothing else that stands first in the PATH."""
    role = aws.add_role(f"admin-{alice.name}", trusted=[alice.arn])
    keyring_home.config.write_text(f"[profile admin]\nrole_arn = {role.arn}\nsource_profile = default\n")
    code = keyring_home.folder / "code"
    code.write_text(alice.devices[0].code())
    keyring_home.write_settings(f'store = "{store}"\n' + SOURCE.format(path=code))
    for line, expected in COMMANDS:
        run = Run(keyring_home, *line.split())
        # The key is in plain text beside a keyring: a finding of `doctor`.
        assert run.done.returncode == (1 if line == "doctor" else 0), (line, run.done.stderr)
        assert started(run) == expected, line
