"""A disk that is full or files that may not grow: reported before a code is spent, and the old file stays whole."""

import os
import re
import shlex
import sys
from pathlib import Path

import pytest

from mfasession.sandbox import Sandbox, SandboxUser
from tests.helpers.checks import asked, complaint
from tests.helpers.support import MFASESSION, Home, missing, need

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
    """What a command says with a disk of 64 kB mounted at `folder`, visible to no other process and gone afterwards."""
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
            f"{alices_home.credentials} was not written: the file is larger than allowed here", "ulimit -f unlimited"
        ),
    )
    assert alices_home.credentials.read_bytes() == before
    assert [path.name for path in alices_home.aws.iterdir()] == ["credentials"]
    assert asked(aws, alice) == []


def code_program(home: Home, *lines: str, code: str) -> None:
    """A program that gives the code, and does some harm before: it runs after the check and before the exchange."""
    script = home.folder / "code"
    script.write_text("\n".join(("#!/bin/sh", *lines, f"echo {code}")) + "\n")
    script.chmod(0o700)
    home.write_settings(f'code = {{ command = ["{script}"] }}\n')


def test_a_disk_that_fills_while_the_code_is_asked_for(alices_home: Home, alice: SandboxUser) -> None:
    """The space for the session is kept before: it is used, and nothing else is left."""
    fill = FILL.format(folder=shlex.quote(str(alices_home.aws)), kilobytes=64)
    code_program(alices_home, fill, code=alice.devices[0].code())
    line = f"{MFASESSION} login; {MFASESSION} process >/dev/null && echo live >&2"
    said = on_a_small_disk(alices_home, alices_home.aws, line, fill=":")
    assert said.startswith("mfasession: session for default until "), said
    assert said.endswith("live\n"), said
    assert sorted(Path(f"{alices_home.aws}.left").read_text().split()) == ["ballast", "credentials"]


@pytest.mark.parametrize("store", ["kernel", "keyring"])
def test_a_list_of_sessions_that_must_grow(keyring_home: Home, alice: SandboxUser, store: str) -> None:
    """The disk fills while the code is asked for, but for what the note of the code takes: the list has its space."""
    if store == "kernel" and not Path("/proc/keys").exists():
        missing("a kernel with keyrings")
    home, state = keyring_home, keyring_home.folder / "state"
    folder = state / "mfasession"
    # Leave two pages of 4 kB: the list has five.
    code_program(
        home,
        f"while dd if=/dev/zero bs=4k count=1 >>{state}/ballast 2>/dev/null; do :; done",
        f"truncate -s -8k {state}/ballast",
        code=alice.devices[0].code(),
    )
    listed = "".join(f"old-{number}-mfa\n" for number in range(1_200))
    begin = f"mkdir -m 700 {folder}; printf '{listed}' >{folder}/{store}.sessions; chmod 600 {folder}/{store}.sessions"
    line = f"{MFASESSION} login --store {store}; {MFASESSION} process >/dev/null && echo live >&2"
    said = on_a_small_disk(home, state, f"export XDG_STATE_HOME={state}; {line}", fill=begin)
    home.run("logout")
    assert said.startswith("mfasession: session for default until "), said
    assert said.endswith("live\n"), said


def test_no_space_stays_kept(alices_home: Home) -> None:
    """However the question ends, also when nothing can tidy up, nothing lies beside the file."""
    code_program(alices_home, "ls -A .aws >seen", "kill -9 $PPID", code="123456")
    alices_home.run("login")
    assert (alices_home.folder / "seen").read_text() == "credentials\n"
    assert [path.name for path in alices_home.aws.iterdir()] == ["credentials"]


UNKEPT = "the session serves this command alone, because it is not kept: "


def break_the_store(home: Home, code: str) -> tuple[str, str]:
    """Have the credentials file opened to others before the session comes: what is said, and its hint."""
    code_program(home, f"chmod 644 {home.credentials}", code=code)
    return f"{home.credentials} is open to other users", f"chmod 600 {home.credentials}"


@pytest.mark.parametrize("words", [("env",), ("process",), ("exec", "--", "env")], ids=lambda words: words[0])
def test_a_session_that_cannot_be_kept_serves_all_the_same(
    alices_home: Home, alice: SandboxUser, words: tuple[str, ...]
) -> None:
    """The code is spent: the command in hand has the session, and why the next one has not is said."""
    what, hint = break_the_store(alices_home, alice.devices[0].code())
    before = alices_home.credentials.read_bytes()
    done = alices_home.run(*words)
    assert done.returncode == 0, done.stderr
    assert "ASIA" in done.stdout
    assert re.fullmatch(
        re.escape(f"mfasession: {UNKEPT}{what}\n  hint: {hint}; this code is spent, and the next one comes in ")
        + r"\d\d? s\n",
        done.stderr,
    )
    assert alices_home.credentials.read_bytes() == before


ASK_LATER = """
import os, time, urllib.request
time.sleep(1)
token = os.environ["AWS_CONTAINER_AUTHORIZATION_TOKEN"]
uri = os.environ["AWS_CONTAINER_CREDENTIALS_FULL_URI"]
print(urllib.request.urlopen(urllib.request.Request(uri, headers={"Authorization": token})).read().decode())
"""


def test_a_session_that_cannot_be_kept_is_served(alices_home: Home, alice: SandboxUser) -> None:
    """The endpoint has it, too, though it finds it in no file: as long as the command runs."""
    code_program(alices_home, "true", code=alice.devices[0].code())
    strace = (need("strace"), "-qq", "-o", os.devnull, "-e", "trace=renameat2", "-e", "inject=renameat2:error=EIO")
    command = (MFASESSION, "exec", "--server", "--", sys.executable, "-c", ASK_LATER)
    done = alices_home.run_program(*strace, *command)
    assert UNKEPT in done.stderr
    assert done.returncode == 0, done.stderr
    assert "ASIA" in done.stdout
    assert "default-mfa" not in alices_home.credentials.read_text()


def test_a_login_that_cannot_keep_its_session(alices_home: Home, alice: SandboxUser) -> None:
    """A login is for nothing else: it fails, and says what it has cost."""
    what, hint = break_the_store(alices_home, alice.devices[0].code())
    done = alices_home.run("login")
    assert done.returncode == 7
    assert re.fullmatch(
        re.escape(f"mfasession: AWS gave a session, but it is not kept: {what}\n  hint: {hint}; this code is spent")
        + r", and the next one comes in \d\d? s\n",
        done.stderr,
    )


def test_a_role_whose_session_cannot_be_kept(aws: Sandbox, alices_home: Home, alice: SandboxUser) -> None:
    """The user's session serves the role, and the role's the command; what cost no code is not called spent."""
    role = aws.add_role(f"admin-{alice.name}", trusted=[alice.arn])
    alices_home.config.write_text(f"[profile admin]\nrole_arn = {role.arn}\nsource_profile = default\n")
    what, hint = break_the_store(alices_home, alice.devices[0].code())
    done = alices_home.run("exec", "-p", "admin", "--", "sh", "-c", "echo $MFASESSION_PROFILE")
    assert (done.returncode, done.stdout) == (0, "admin\n")
    assert done.stderr.count(f"mfasession: {UNKEPT}{what}\n  hint: {hint}") == 2
    assert done.stderr.endswith(f"  hint: {hint}\n")


def test_roles_of_many_profiles_that_cannot_be_kept(aws: Sandbox, alices_home: Home, alice: SandboxUser) -> None:
    """Each command runs with its role, and why they are not kept is said once for all of them."""
    if alices_home.run_program(need("chattr"), "+i", str(alices_home.credentials)).returncode:
        missing("a file system with flags")
    alices_home.run_program("chattr", "-i", str(alices_home.credentials))
    code_program(alices_home, f"chattr +i {alices_home.credentials}", code=alice.devices[0].code())
    for name in ("one", "two"):
        role = aws.add_role(f"{name}-{alice.name}", trusted=[alice.arn])
        with alices_home.config.open("a") as file:
            file.write(f"[profile {name}]\nrole_arn = {role.arn}\nsource_profile = default\n")
    try:
        done = alices_home.run("exec", "-p", "one", "-p", "two", "--", "sh", "-c", "echo $MFASESSION_PROFILE")
    finally:
        alices_home.run_program("chattr", "-i", str(alices_home.credentials))
    assert done.returncode == 0, done.stderr
    assert sorted(done.stdout.splitlines()) == ["one: one", "two: two"]
    assert done.stderr.count("sessions serve their commands alone, because they are not kept: ") == 1


def test_a_failing_state_file_costs_no_session(alices_home: Home, alice: SandboxUser) -> None:
    """Which device a key has is noted after the exchange: the session is kept without it."""
    strace = (need("strace"), "-qq", "-o", os.devnull, "-e", "trace=renameat")
    fault = ("-e", "inject=renameat:error=ENOSPC:when=2")
    done = alices_home.run_program(*strace, *fault, MFASESSION, "login", "--code", alice.devices[0].code())
    assert done.returncode == 0, done.stderr
    state = (alices_home.folder / ".local" / "state" / "mfasession" / "state.toml").read_text()
    assert "[codes" in state
    assert "[devices" not in state
    assert alices_home.run("process").returncode == 0
