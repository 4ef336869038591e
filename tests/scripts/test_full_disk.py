"""A disk that is full or files that may not grow: told before a code is spent, and the old file stays whole."""

import os
import shlex
from pathlib import Path

import pytest

from mfasession.sandbox import Sandbox, SandboxUser
from tests.scripts.checks import asked, complaint
from tests.support import MFASESSION, Home, missing, need

MOUNTED = """
set -e
mount -t tmpfs -o size=64k,mode=700 none {folder}
cp -p {kept} {folder}/credentials 2>/dev/null || :
{fill}
set +e
{command}
echo $? >{folder}.code
ls -A {folder} >{folder}.left
cmp -s {kept} {folder}/credentials && echo same >>{folder}.left
"""
FILL = "dd if=/dev/zero of={folder}/ballast bs=1k count={kilobytes} 2>/dev/null || :"


def on_a_small_disk(home: Home, folder: Path, command: str, *, fill: str) -> str:
    """What a command says with a disk of 64 kB mounted at `folder`, seen by nobody else and gone afterwards."""
    folder.mkdir(parents=True, exist_ok=True)
    kept = home.folder / "kept"
    kept.write_bytes(home.credentials.read_bytes())
    kept.chmod(0o600)
    flags = "-m" if os.geteuid() == 0 else "-rm"
    script = MOUNTED.format(folder=shlex.quote(str(folder)), kept=shlex.quote(str(kept)), fill=fill, command=command)
    done = home.run_program(need("unshare"), flags, "sh", "-c", script)
    if "unshare" in done.stderr or "mount:" in done.stderr:
        missing("unshare with mount namespaces")
    return done.stderr


def test_a_full_disk(aws: Sandbox, alices_home: Home, alice: SandboxUser) -> None:
    """aws/aws-cli#10648: not a byte of the file is lost, and the code can still be used."""
    fill = FILL.format(folder=shlex.quote(str(alices_home.aws)), kilobytes=64)
    code = alice.devices[0].code()
    said = on_a_small_disk(alices_home, alices_home.aws, f"{MFASESSION} login --code {code}", fill=fill)
    assert said == complaint(
        f"{alices_home.credentials} was not written: no space is left on the disk",
        f"free some, then again: df -h {alices_home.aws}",
    )
    assert Path(f"{alices_home.aws}.code").read_text() == "7\n"
    assert Path(f"{alices_home.aws}.left").read_text().split() == ["ballast", "credentials", "same"]
    assert asked(aws, alice) == []
    assert alices_home.run("login", "--code", code).returncode == 0


def test_a_full_disk_for_what_is_remembered(aws: Sandbox, alices_home: Home, alice: SandboxUser) -> None:
    """The state folder on a disk of its own: that a code is sent must be kept before it is sent."""
    state = alices_home.folder / "state"
    fill = FILL.format(folder=shlex.quote(str(state)), kilobytes=64)
    code = alice.devices[0].code()
    command = f"XDG_STATE_HOME={state} {MFASESSION} login --code {code}"
    said = on_a_small_disk(alices_home, state, command, fill=fill)
    assert said == complaint(
        f"{state}/mfasession/state.toml was not written: no space is left on the disk",
        f"free some, then again: df -h {state}/mfasession",
    )
    assert Path(f"{state}.code").read_text() == "7\n"
    assert "GetSessionToken" not in asked(aws, alice)


@pytest.mark.parametrize("blocks", [0, 1])
def test_files_that_may_not_grow(aws: Sandbox, alices_home: Home, alice: SandboxUser, blocks: int) -> None:
    """`ulimit -f`: no signal ends it half-way, the limit is named, nothing is left behind."""
    before = alices_home.credentials.read_bytes()
    line = f"ulimit -f {blocks}; exec {MFASESSION} login --code {alice.devices[0].code()}"
    done = alices_home.run_program("bash", "-c", line)
    assert (done.returncode, done.stderr) == (
        7,
        complaint(
            f"{alices_home.credentials} was not written: it is larger than files may be here", "ulimit -f unlimited"
        ),
    )
    assert alices_home.credentials.read_bytes() == before
    assert [path.name for path in alices_home.aws.iterdir()] == ["credentials"]
    assert asked(aws, alice) == []
