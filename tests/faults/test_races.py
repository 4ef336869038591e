"""Commands, tools and editors that write the AWS credentials file at the same time: nothing lost, nothing half."""

import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest
from botocore.configloader import raw_config_parse

from mfasession.awsfiles import ini, ini_edit
from mfasession.errors import StoreError
from mfasession.files import shared_edit
from mfasession.sandbox import Sandbox, SandboxUser
from tests.helpers.faults import races
from tests.helpers.faults.writers import BYSTANDER, KINDS
from tests.helpers.patience import wait_for
from tests.helpers.seat import CLOCK, question, seat
from tests.helpers.support import BIN, MFASESSION, SECRET, Home, key_pair, need, session_section

IN_PLACE = ("in place", "slowly", "configure set")
MANY = 20

NOTHING_UNFINISHED = "/no/such/folder/unfinished"
"""Where no change in place was cut off."""


@pytest.mark.parametrize("kind", KINDS)
def test_another_tool_writes_at_the_same_time(
    tmp_path: Path, kind: str, record_property: Callable[[str, object], None]
) -> None:
    """aws/aws-cli#10648: no line of the file is lost, none of their changes, and none of ours.

    One of ours may be where it cannot be helped: who has read before us and stands still for 30 ms writes over us.
    """
    race = races.run(tmp_path, {"raced-mfa": "ours", "theirs": kind})
    ours, theirs = race.writers
    for name in ("written", "lost", "damaged"):
        record_property(f"race {name}", getattr(ours, name) + getattr(theirs, name))
    assert (theirs.damaged, theirs.lost) == (0, 0), str(race)
    assert ours.lost + ours.refused <= 1 + ours.written // 100, str(race)
    assert ours.written
    assert theirs.written
    assert BYSTANDER in race.text
    assert {"theirs", "raced-mfa"} <= ini.parse(race.text).keys()


@pytest.mark.parametrize("kind", ["in place", "beside"])
def test_without_notice_of_other_writers(tmp_path: Path, kind: str) -> None:
    """On macOS and network file systems a file is taken for whole when it has been left alone for a moment."""
    race = races.run(tmp_path, {"raced-mfa": "ours elsewhere", "theirs": kind})
    ours, theirs = race.writers
    assert theirs.damaged == 0, str(race)
    assert theirs.lost <= 1 + theirs.written // 100, str(race)
    assert ours.lost <= 1 + ours.written // 100, str(race)


def test_our_own_at_the_same_time(tmp_path: Path) -> None:
    """trek10inc/awsume#72: of writers of different and of the same section none loses another's, at no moment."""
    kinds = {"one-mfa": "ours", "two-mfa": "ours", "three-mfa": "coming and going"}
    with races.watched(tmp_path / "credentials") as watch:
        race = races.run(tmp_path, kinds)
    assert [(each.lost, each.refused) for each in race.writers] == [(0, 0)] * 3, str(race)
    assert all(each.written for each in race.writers)
    assert [fault for fault in watch.faults if "theirs" not in fault] == []
    assert watch.looks
    assert BYSTANDER in race.text


def test_login_and_logout_race(alices_home: Home, aws: Sandbox, alice: SandboxUser) -> None:
    """The commands themselves, of the same and of different profiles: none fails, and the file is always whole."""
    roles = [aws.add_role(f"raced{number}-{alice.name}", trusted=[alice.arn]) for number in range(3)]
    sections = (f"[profile {role.name}]\nrole_arn = {role.arn}\nsource_profile = default\n" for role in roles)
    alices_home.config.write_text("".join(sections))
    assert alices_home.run("login", "--code", alice.devices[0].code()).returncode == 0
    before = alices_home.credentials.read_text()
    end = time.monotonic() + races.SECONDS

    def one(words: tuple[str, ...]) -> "list[subprocess.CompletedProcess[str]]":
        done = [alices_home.run(*words)]
        while time.monotonic() < end:
            done.append(alices_home.run(*words))
        return done

    kinds = [
        *(("login", "-p", role.name) for role in roles),
        ("logout", "-p", roles[0].name),
        ("logout", "-p", roles[1].name),
    ]
    with races.watched(alices_home.credentials) as watch, ThreadPoolExecutor(len(kinds)) as pool:
        ended = [done for each in pool.map(one, kinds) for done in each]
    assert [done.stderr for done in ended if done.returncode] == []
    assert watch.faults == []
    for role in roles[:2]:
        alices_home.run("logout", "-p", role.name)
    left = alices_home.credentials.read_text()
    assert ini_edit.remove_section(left, f"{roles[2].name}-mfa") == before
    assert left != before


def test_twenty_profiles_log_in_at_once(tmp_path: Path, aws: Sandbox, alice: SandboxUser) -> None:
    """Twenty sessions are in the file afterwards, and every other byte of it is as it was."""
    home = Home(tmp_path, {"AWS_ENDPOINT_URL": aws.url, "AWS_REGION": "eu-west-1"})
    pairs, settings = [BYSTANDER], []
    for number in range(MANY):
        user = aws.add_user(f"of{number}-{alice.name}")
        user.add_device(f"d{number}-{alice.name}")
        pairs.append(key_pair(f"p{number}", user.key.access_key_id, user.key.secret_access_key.reveal()))
        settings.append(f'[profiles.p{number}]\ncode = {{ command = ["echo", "{user.devices[0].code()}"] }}\n')
    before = "# mine\r\n".join(pairs)
    home.credentials.write_bytes(before.encode())
    home.credentials.chmod(0o600)
    home.write_settings("".join(settings))
    aws.forget_calls()
    with ThreadPoolExecutor(MANY) as pool:
        ended = list(pool.map(lambda number: home.run("login", "-p", f"p{number}"), range(MANY)))
    assert [done.stderr for done in ended if done.returncode] == []
    assert len(aws.calls("GetSessionToken")) == MANY
    text = home.credentials.read_bytes().decode()
    assert {f"p{number}-mfa" for number in range(MANY)} <= ini.parse(text).keys()
    for number in range(MANY):
        text = ini_edit.remove_section(text, f"p{number}-mfa")
    assert text == before


@pytest.mark.parametrize("version", [1, 2])
def test_the_aws_cli_configures_meanwhile(alices_home: Home, aws: Sandbox, alice: SandboxUser, version: int) -> None:
    """`aws configure set` of both CLIs, the programs themselves, while logins and logouts run: both are there after."""
    cli = str(BIN / "aws") if version == 1 else need("/usr/bin/aws")
    role = aws.add_role(f"set{version}-{alice.name}", trusted=[alice.arn])
    alices_home.config.write_text(f"[profile admin]\nrole_arn = {role.arn}\nsource_profile = default\n")
    assert alices_home.run("login", "--code", alice.devices[0].code()).returncode == 0
    end, number = time.monotonic() + races.SECONDS, 0
    while number < 2 or time.monotonic() < end:
        number += 1
        with ThreadPoolExecutor(2) as pool:
            login = pool.submit(alices_home.run, "login", "-p", "admin")
            words = (cli, "configure", "set", "aws_secret_access_key", f"{SECRET}{number}", "--profile", "theirs")
            setting = pool.submit(alices_home.run_program, *words)
        assert (login.result().returncode, setting.result().returncode) == (0, 0), login.result().stderr
        sections = raw_config_parse(str(alices_home.credentials))
        assert sections["theirs"]["aws_secret_access_key"] == f"{SECRET}{number}"
        assert sections["default"]["aws_access_key_id"] == alice.key.access_key_id
        assert sections["admin-mfa"]["manager"] == "mfasession"
        assert alices_home.run("logout", "-p", "admin").returncode == 0


@contextmanager
def writing(path: Path, half: str) -> Iterator[None]:
    """Be a tool that has truncated the file and written half of it, until the block ends; then it writes the rest."""
    whole = path.read_text()
    with path.open("w") as file:
        file.write(half)
        file.flush()
        yield
        file.seek(0)
        file.write(whole)
        file.truncate()


@pytest.mark.parametrize("command", ["login", "logout", "logout --all"])
def test_half_a_file_is_not_built_upon(alices_home: Home, alice: SandboxUser, command: str) -> None:
    """A tool that writes slowly in place is waited for, then reported with exit 7; its half is never written back."""
    half = alices_home.credentials.read_text()
    if "logout" in command:
        alices_home.write_credentials(half + session_section())
    before = alices_home.credentials.read_text()
    with writing(alices_home.credentials, half):
        done = alices_home.run(*command.split(), *(["--code", alice.devices[0].code()] if command == "login" else []))
        assert alices_home.credentials.read_text() == half
    assert done.returncode == 7
    path = alices_home.credentials
    assert done.stderr == (
        f"mfasession: {path} was not written: another program keeps writing it\n  hint: see which: fuser -v {path}\n"
    )
    assert alices_home.credentials.read_text() == before


def test_a_writer_that_waits_for_us_is_not_lost(tmp_path: Path) -> None:
    """Who opens the file in the middle of our change waits that long, then writes, and our change is made anew."""
    path = tmp_path / "credentials"
    path.write_text("[a]\n")
    with ExitStack() as open_until_the_end:

        def change(text: str) -> str:
            if "[theirs]" in text:
                return text if "[ours]" in text else f"{text}[ours]\n"
            script = ["sh", "-c", 'echo "[theirs]" >>"$1"', "-", str(path)]
            writer = open_until_the_end.enter_context(subprocess.Popen(script))
            wait_for(lambda: "D" in state(writer.pid) or "break_lease" in waits_in(writer.pid))
            return f"{text}[ours]\n"

        shared_edit.edit(str(path), path.read_text, change, NOTHING_UNFINISHED)
    assert path.read_text() == "[a]\n[theirs]\n[ours]\n"
    assert list(tmp_path.iterdir()) == [path]


def state(process: int) -> str:
    """Return the state of a process, D when it waits for the disk."""
    return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0]


def waits_in(process: int) -> str:
    """Return what a process waits in, where the kernel shows it."""
    return Path(f"/proc/{process}/wchan").read_text()


@pytest.mark.parametrize("editor", ["beside", "backup", "removed"])
def test_a_file_replaced_in_the_middle(tmp_path: Path, editor: str) -> None:
    """An editor that saves between our reading and our writing has its file kept, and ours is made from it."""
    path = tmp_path / "credentials"
    path.write_text("[a]\n")
    looks = []

    def change(text: str) -> str:
        looks.append(text)
        if len(looks) == 1:
            if editor == "removed":
                path.unlink()
            else:
                KINDS[editor](str(path), "[a]\n[theirs]\n")
        return text if "[ours]" in text else f"{text}[ours]\n"

    shared_edit.edit(str(path), lambda: path.read_text() if path.exists() else "", change, NOTHING_UNFINISHED)
    assert path.read_text() == ("[ours]\n" if editor == "removed" else "[a]\n[theirs]\n[ours]\n")
    assert [entry.name for entry in tmp_path.iterdir() if "mfasession" in entry.name] == []


def test_a_file_made_in_the_middle(tmp_path: Path) -> None:
    """The first file, made by two at once: the other's stays."""
    path = tmp_path / "credentials"

    def change(text: str) -> str:
        if not text:
            path.write_text("[theirs]\n")
        return text if "[ours]" in text else f"{text}[ours]\n"

    shared_edit.edit(str(path), lambda: path.read_text() if path.exists() else "", change, NOTHING_UNFINISHED)
    assert path.read_text() == "[theirs]\n[ours]\n"


def test_one_who_never_stops(tmp_path: Path) -> None:
    """A file that is another one at each look is an error after some seconds, and stays theirs."""
    path = tmp_path / "credentials"
    path.write_text("")
    numbers = iter(range(100_000))

    def change(text: str) -> str:
        KINDS["beside"](str(path), f"[n{next(numbers)}]\n")
        return f"{text}[ours]\n"

    with pytest.raises(StoreError, match="another program keeps writing it"):
        shared_edit.edit(str(path), path.read_text, change, NOTHING_UNFINISHED)
    assert "[ours]" not in path.read_text()


def ending(alice: SandboxUser, seconds: float) -> str:
    """Return a credentials file with a session that ends in so many seconds."""
    pair = key_pair("default", alice.key.access_key_id, alice.key.secret_access_key.reveal())
    expires = datetime.fromtimestamp(time.time() + seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return pair + session_section(expires=expires, key_id=alice.key.access_key_id)


@pytest.mark.parametrize("answer", ["a code", "a no"])
def test_a_laptop_asleep_while_it_asks(alices_home: Home, alice: SandboxUser, answer: str) -> None:
    """The session ends while the lid is closed: the code typed after that is taken, and a no does not revive it."""
    alices_home.write_credentials(ending(alice, 5))
    expires = time.time() + 5
    with seat(alices_home, MFASESSION, "exec", "--", "echo", "SERVED") as sitting:
        sitting.see(CLOCK)
        os.kill(sitting.process, signal.SIGSTOP)
        wait_for(lambda: time.time() > expires)
        os.kill(sitting.process, signal.SIGCONT)
        sitting.type(alice.devices[0].code() + "\r" if answer == "a code" else "\x03")
        assert sitting.end() == (0 if answer == "a code" else 130)
    assert ("SERVED" in sitting.shown) is (answer == "a code")


def test_a_sleeping_holder_keeps_its_turn(alices_home: Home, aws: Sandbox, alice: SandboxUser) -> None:
    """The one who asks is stopped for longer than others look for the lock: they wait on, and one code serves all."""
    alices_home.write_credentials(ending(alice, -5))
    aws.forget_calls()
    with seat(alices_home, MFASESSION, "login") as first:
        first.see(question(alice))
        os.kill(first.process, signal.SIGSTOP)
        with seat(alices_home, MFASESSION, "exec", "--", "echo", "SERVED") as second:
            second.see(rf"waiting for process {first.process} \(mfasession login\)")
            os.kill(first.process, signal.SIGCONT)
            first.line(alice.devices[0].code())
            second.see("SERVED")
            assert (first.end(), second.end()) == (0, 0)
    assert len(aws.calls("GetSessionToken")) == 1


@pytest.mark.parametrize("ahead", [60, 86_400, 10 * 365 * 86_400], ids=["a minute", "a day", "ten years"])
def test_a_clock_that_was_ahead(alices_home: Home, alice: SandboxUser, ahead: int) -> None:
    """A session made while the clock was ahead, seen when it is right again: served, shown, and let go by `logout`."""
    now = time.time() + ahead
    issued, expires = (datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%SZ") for at in (now, now + 12 * 3600))
    pair = key_pair("default", alice.key.access_key_id, alice.key.secret_access_key.reveal())
    kept = session_section(expires=expires, key_id=alice.key.access_key_id, extra=f"mfasession_issued = {issued}\n")
    alices_home.write_credentials(pair + kept)
    alices_home.credentials.touch()
    os.utime(alices_home.credentials, times=(now, now))
    assert alices_home.run("process").returncode == 0
    assert alices_home.run("status", "-p", "default").returncode == 0
    assert alices_home.run("logout").returncode == 0
    assert alices_home.credentials.read_text() == pair
