"""Cron, an IDE, CI: no terminal. Fast failures, and a session that ages serves until it ends."""

import json
import time
from pathlib import Path

import pytest

from mfasession import timestamps
from mfasession.sandbox import Sandbox, SandboxUser
from tests.helpers.checks import asked, complaint, log_in
from tests.helpers.patience import promised
from tests.helpers.support import KEY_ID, SESSION_ID, Home, key_pair, session_section

USES = [("env",), ("process",), ("exec", "--", "true")]


def session_left(seconds: int, life: int = 43200, key_id: str = KEY_ID) -> str:
    """A managed section with so many seconds left of its life."""
    expires = int(time.time()) + seconds
    issued = f"mfasession_issued = {timestamps.show(expires - life)}\n"
    return session_section(expires=timestamps.show(expires), key_id=key_id, extra=issued)


@pytest.mark.parametrize("words", [*USES, ("login",), ("exec",)], ids=" ".join)
@pytest.mark.parametrize("flags", [(), ("--no-input",)], ids=["", "no input"])
def test_exit_code_6_at_once(home: Home, words: tuple[str, ...], flags: tuple[str, ...]) -> None:
    """99designs/aws-vault#1169, boto/botocore#1348: no hanging, invisible question; AWS is not even asked."""
    home.write_credentials(key_pair())
    start = time.monotonic()
    done = home.run(words[0], *flags, *words[1:])
    assert time.monotonic() - start < promised(2)
    reason = "--no-input was given" if flags else "there is no terminal to ask for a code"
    assert done.returncode == 6
    assert done.stdout == ("(exit 6)\n" if words[0] == "env" else "")
    hint = "mfasession login"
    if words == ("login",) and not flags:
        hint = f"run it in a terminal, or with the code on stdin: {hint} --code -"
    assert done.stderr == complaint(f"there is no session for profile default, and {reason}", hint)


@pytest.mark.parametrize(
    ("profile", "environ", "hint"),
    [
        ("work", {}, "mfasession login -p work"),
        ("my work", {}, "mfasession login -p 'my work'"),
        ("default", {"AWS_PROFILE": "work"}, "mfasession login -p default"),
        ("default", {}, "mfasession login -p default"),
    ],
)
def test_the_hint_is_the_command_that_fixes_it(home: Home, profile: str, environ: dict[str, str], hint: str) -> None:
    """Pasted into a shell it makes this very session, whatever profile is the default there."""
    home.write_credentials(key_pair(profile))
    done = home.run("process", "-p", profile, environ=environ)
    assert done.stderr.endswith(f"\n  hint: {hint}\n")


@pytest.mark.parametrize("words", USES, ids=" ".join)
@pytest.mark.parametrize("flags", [(), ("--no-input",)], ids=["", "no input"])
def test_inside_the_margin_it_still_serves(home: Home, words: tuple[str, ...], flags: tuple[str, ...]) -> None:
    """Ten minutes are left and there is no terminal: ten minutes of work."""
    home.write_credentials(key_pair() + session_left(600))
    done = home.run(words[0], *flags, *words[1:])
    assert (done.returncode, done.stderr) == (0, "")


def test_inside_the_margin_login_does_not(home: Home) -> None:
    """`login` is there to renew: that it could not is reported, and the session stays."""
    home.write_credentials(key_pair() + session_left(600))
    before = home.credentials.read_bytes()
    done = home.run("login")
    assert done.returncode == 6
    assert done.stderr in [
        complaint(
            f"the session of profile default has only {left} min left, and there is no terminal to ask for a code",
            "run it in a terminal, or with the code on stdin: mfasession login --code -",
        )
        for left in (9, 10)
    ]
    assert home.credentials.read_bytes() == before


def test_login_with_a_code_renews_inside_the_margin(aws: Sandbox, alices_home: Home, alice: SandboxUser) -> None:
    """A session with ten minutes left is replaced, one with twenty is not."""
    text = alices_home.credentials.read_text()
    alices_home.write_credentials(text + session_left(1200, key_id=alice.key.access_key_id))
    log_in(alices_home, alice.devices[0])
    assert asked(aws, alice) == []
    alices_home.write_credentials(text + session_left(600, key_id=alice.key.access_key_id))
    log_in(alices_home, alice.devices[0])
    assert asked(aws, alice).count("GetSessionToken") == 1
    assert SESSION_ID not in alices_home.credentials.read_text()


@pytest.mark.parametrize(("margin", "code"), [("30m", 6), ("10m", 0), ("0s", 0)])
def test_the_margin_is_the_configurations(home: Home, margin: str, code: int) -> None:
    """`refresh_margin`: what `login` calls fresh enough."""
    home.write_settings(f'refresh_margin = "{margin}"\n')
    home.write_credentials(key_pair() + session_left(1200))
    assert home.run("login").returncode == code
    assert home.run("process").returncode == 0


def test_a_short_session_is_not_asked_for_again_at_once(home: Home) -> None:
    """Fifteen minutes of life and fifteen of margin: boto3 would ask at every request."""
    home.write_credentials(key_pair() + session_left(890, life=900))
    assert home.run("login").returncode == 0


def test_min_ttl_of_exec(home: Home) -> None:
    """99designs/aws-vault#469: the long job does not start on what is left of a session."""
    home.write_credentials(key_pair() + session_left(3600))
    assert home.run("exec", "--min-ttl", "30m", "--", "true").returncode == 0
    done = home.run("exec", "--min-ttl", "2h", "--", "true")
    assert done.returncode == 6
    assert done.stderr.endswith("\n  hint: mfasession login --min-ttl 7200\n")


def test_a_code_command_works_without_a_terminal(aws: Sandbox, alices_home: Home, alice: SandboxUser) -> None:
    """trek10inc/awsume#130: a program gives the code, also to `process` in an IDE and with --no-input."""
    alices_home.write_settings(f'code = {{ command = ["printf", "{alice.devices[0].code()}"] }}\n')
    done = alices_home.run("process", "--no-input")
    assert (done.returncode, done.stderr) == (0, "")
    assert json.loads(done.stdout)["AccessKeyId"].startswith("ASIA")
    assert asked(aws, alice).count("GetSessionToken") == 1


def test_nothing_is_left_behind(home: Home) -> None:
    """An hourly job without a session does not fill the disk: as many files after ten runs as after one."""
    home.write_credentials(key_pair())

    def files() -> list[Path]:
        return sorted(path for path in home.folder.rglob("*") if path.is_file())

    home.run("process")
    first = files()
    for _ in range(3):
        assert home.run("process").returncode == 6
    assert files() == first


def test_logins_leave_no_file_each(alices_home: Home, alice: SandboxUser) -> None:
    """A job that logs in by itself every morning: one lock for each thing that is locked, not for each run."""
    counts = []
    for steps in (0, 1, 2):
        log_in(alices_home, alice.devices[0], "--force", steps=steps)
        counts.append(len(list((alices_home.folder / ".local").rglob("*.lock"))))
    assert counts == counts[:1] * 3
