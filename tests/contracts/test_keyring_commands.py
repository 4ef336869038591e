"""Every command with a real Secret Service as the store: kept there and nowhere else, and said when it is not there."""

import json
import subprocess
import sys
import time
from collections.abc import Callable

import pytest

from mfasession.sandbox import Sandbox, SandboxUser
from tests.helpers.patience import promised, scaled
from tests.helpers.programs import have_session
from tests.helpers.secret_service import SecretService
from tests.helpers.support import BIN, MFASESSION, Home, key_pair, need, session_section
from tests.helpers.switching import places, switch

COMMANDS = (("process",), ("env",), ("exec", "--", "true"))
"""Commands that need the session."""
LOGOUTS = (("logout",), ("logout", "--all"))
STILL_THERE = "default-mfa may still be in the keyring, and is not used any more: "
LIMIT = 3.0 + 7.0
"""Seconds: the 3 s that the keyring has to answer, and the time to start Python twice."""
SAVE_KEY = """
import sys
from mfasession.values import LongTermKey
from mfasession.stores.keyrings.keys import save_long_term_key
from mfasession.values import Secret
key_id, _, secret = sys.stdin.read().partition(" ")
save_long_term_key(sys.argv[1], LongTermKey(access_key_id=key_id, secret_access_key=Secret(secret)))
"""


@pytest.fixture
def home(keyring_home: Home) -> Home:
    """Alice's home with the keyring as the store."""
    keyring_home.write_settings('store = "keyring"\n')
    return keyring_home


def items(service: SecretService) -> list[str]:
    """Return the names of our items in the keyring, as another program sees them."""
    words = [need("secret-tool"), "search", "--all", "--unlock", "service", "mfasession"]
    done = subprocess.run(
        words,
        env={"PATH": "/usr/bin", **service.environ},
        capture_output=True,
        text=True,
        timeout=scaled(30),
        check=False,
    )
    lines = (done.stdout + done.stderr).splitlines()
    return sorted(line.partition(" = ")[2] for line in lines if line.startswith("attribute.username = "))


def key_of(home: Home, *words: str) -> str:
    """Return the access key that a command would have."""
    done = home.run("exec", *words, "--", "sh", "-c", 'echo "$AWS_ACCESS_KEY_ID"')
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def lock(service: SecretService) -> None:
    """Let the keyring be on the disk and locked."""
    service.end_daemon()
    service.start_daemon(unlocked=False)


@pytest.mark.parametrize("how", ["configured", "asked for"])
def test_a_day_with_the_keyring(home: Home, alice: SandboxUser, service: SecretService, how: str) -> None:
    """`store = "keyring"` or `--store keyring`: every command finds it, and the credentials file is untouched."""
    before = home.credentials.read_bytes()
    if how == "asked for":
        home.settings.unlink()
    have_session(home, alice, *(["--store", "keyring"] if how == "asked for" else []))
    assert items(service) == ["session/default-mfa"]
    printed = json.loads(home.run("process").stdout)
    assert printed["AccessKeyId"].startswith("ASIA")
    assert key_of(home) == printed["AccessKeyId"]
    assert f"AWS_ACCESS_KEY_ID='{printed['AccessKeyId']}'" in home.run("env").stdout
    assert places(home) == {"default-mfa": "keyring"}
    assert home.run("status", "-p", "default").returncode == 0
    assert home.run("login").returncode == 0
    done = home.run("logout")
    assert (done.returncode, done.stderr) == (
        0,
        "mfasession: forgot default-mfa (keyring); AWS honours a copy elsewhere until it expires\n",
    )
    assert items(service) == []
    assert home.run("process").returncode == 6
    assert home.run("status", "-p", "default").returncode == 1
    assert home.credentials.read_bytes() == before
    written = "".join(path.read_text() for path in home.folder.rglob("*") if path.is_file())
    assert printed["SecretAccessKey"] not in written
    assert printed["SessionToken"] not in written


def test_a_client_with_nothing_in_any_file(
    home: Home, aws: Sandbox, alice: SandboxUser, service: SecretService
) -> None:
    """The long-term key in the keyring too, and a profile that asks for itself: no secret is in plain text anywhere."""
    secret = alice.key.secret_access_key.reveal()
    home.write_credentials("")
    home.config.write_text(f"[profile work]\nregion = eu-west-1\ncredential_process = {MFASESSION} process -p work\n")
    saved = home.run_program(sys.executable, "-c", SAVE_KEY, "work", stdin=f"{alice.key.access_key_id} {secret}")
    assert saved.returncode == 0, saved.stderr
    have_session(home, alice, "-p", "work")
    assert items(service) == ["key/work", "session/work-mfa"]
    done = home.run_program(str(BIN / "aws"), "s3api", "list-buckets", environ={"AWS_PROFILE": "work"})
    assert done.returncode == 0, done.stderr
    assert aws.calls("ListBuckets")[-1].user == alice.arn
    assert home.credentials.read_text() == ""
    written = "".join(path.read_text() for path in home.folder.rglob("*") if path.is_file())
    assert secret not in written
    assert home.run("logout", "--all").returncode == 0
    assert items(service) == ["key/work"]


def test_many_ask_at_once(home: Home, aws: Sandbox, alice: SandboxUser, service: SecretService) -> None:
    """ByteNess/aws-vault#337: six processes without a session; one makes it, all find it in the keyring."""
    words = ["sh", "-c", f"echo {alice.devices[0].code()}"]
    home.write_settings(f'store = "keyring"\ncode = {{ command = {words!r} }}\n')
    processes = [
        subprocess.Popen([MFASESSION, "process"], env=home.environ, cwd=home.folder, stdout=subprocess.PIPE, text=True)
        for _ in range(6)
    ]
    answers = {process.communicate(timeout=scaled(60))[0] for process in processes}
    assert [process.returncode for process in processes] == [0] * 6
    assert len(answers) == 1
    assert [call.outcome for call in aws.calls("GetSessionToken") if call.user == alice.arn] == ["ok"]
    assert items(service) == ["session/default-mfa"]


@pytest.mark.parametrize("forced", [False, True], ids=["as it is", "anew"])
@pytest.mark.parametrize("how", ["configured", "asked for"])
def test_switching_the_store_leaves_nothing_behind(
    home: Home, aws: Sandbox, alice: SandboxUser, service: SecretService, how: str, *, forced: bool
) -> None:
    """From file to keyring and back: one login moves the session, with a new code only when it is asked for.

    A live session never goes to plain text by itself, because the configuration changed: `--store file` moves it.
    """
    switch(home, aws, alice, "keyring", how, forced=forced, kept=lambda: len(items(service)))


def test_a_used_session_stays_where_it_is(home: Home, alice: SandboxUser) -> None:
    """Only `login` moves: a session in the other store serves `env`, `exec` and `process` from there."""
    have_session(home, alice)
    home.write_settings('store = "file"\n')
    before = home.credentials.read_bytes()
    assert key_of(home).startswith("ASIA")
    assert home.run("process").returncode == 0
    assert places(home) == {"default-mfa": "keyring"}
    assert home.credentials.read_bytes() == before


def test_a_renewed_session_stays_in_the_keyring(home: Home, aws: Sandbox, service: SecretService) -> None:
    """`login --store keyring` this morning: the role that `exec` renews each hour does not go to plain text."""
    aws.clock.move(-50 * 60, clients_follow=True)
    user = aws.add_user(f"early-{home.folder.name}")
    user.add_device(f"watch-{home.folder.name}")
    role = aws.add_role(f"hourly-{home.folder.name}", trusted=[user.arn])
    pair = key_pair("default", user.key.access_key_id, user.key.secret_access_key.reveal())
    home.settings.unlink()
    home.write_credentials(pair)
    home.config.write_text(f"[profile admin]\nrole_arn = {role.arn}\nsource_profile = default\n")
    have_session(home, user, "-p", "admin", "--store", "keyring")
    first = key_of(home, "-p", "admin")
    aws.clock.move(50 * 60, clients_follow=True)
    assert key_of(home, "-p", "admin", "--min-ttl", "30m") != first
    assert len(aws.calls("AssumeRole")) >= 2
    assert places(home) == {"default-mfa": "keyring", "admin-mfa": "keyring"}
    assert items(service) == ["session/admin-mfa", "session/default-mfa"]
    assert home.credentials.read_text() == pair


def test_the_session_behind_a_role_moves_too(home: Home, aws: Sandbox, alice: SandboxUser) -> None:
    """`login --store` on a role: the user's own session, which can do more, does not stay behind in plain text."""
    home.settings.unlink()
    role = aws.add_role(f"moved-{alice.name}", trusted=[alice.arn])
    home.config.write_text(f"[profile admin]\nrole_arn = {role.arn}\nsource_profile = default\n")
    before = home.credentials.read_bytes()
    have_session(home, alice)
    assert home.run("login", "-p", "admin").returncode == 0
    assert places(home) == {"default-mfa": "file", "admin-mfa": "file"}
    assert home.run("login", "-p", "admin", "--store", "keyring").returncode == 0
    assert places(home) == {"default-mfa": "keyring", "admin-mfa": "keyring"}
    assert home.credentials.read_bytes() == before


def test_logout_of_all(home: Home, alice: SandboxUser, service: SecretService) -> None:
    """Every profile's session in every store, those whose profile is gone too; sections of others stay."""
    pair = key_pair("work", alice.key.access_key_id, alice.key.secret_access_key.reveal())
    home.write_credentials(home.credentials.read_text() + pair + "[other]\nregion = eu-west-1\n")
    before = home.credentials.read_text()
    have_session(home, alice, "-p", "work")
    have_session(home, alice, "--store", "file", steps=1)
    assert places(home) == {"default-mfa": "file", "work-mfa": "keyring"}
    home.write_credentials(home.credentials.read_text().replace(pair, ""))
    done = home.run("logout", "--all")
    assert done.stderr.startswith("mfasession: forgot default-mfa (file), work-mfa (keyring);")
    assert items(service) == []
    assert home.credentials.read_text() == before.replace(pair, "")


def fails(home: Home, *words: str) -> str:
    """Run a command that must fail as a store, soon and with a hint; return what happened."""
    before, start = home.credentials.read_bytes(), time.monotonic()
    done = home.run(*words)
    assert time.monotonic() - start < promised(LIMIT)
    assert done.returncode == 7, done.stderr
    happened, hint = done.stderr.splitlines()
    assert hint.startswith("  hint: ")
    assert done.stdout == ("(exit 7)\n" if words[0] == "env" else "")
    assert home.credentials.read_bytes() == before
    return happened.removeprefix("mfasession: ")


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_a_locked_keyring(
    home: Home, aws: Sandbox, alice: SandboxUser, service: SecretService, command: tuple[str, ...]
) -> None:
    """Exit 7 and how to unlock it; nothing is asked, forgotten or written; unlocked, all is as before."""
    have_session(home, alice)
    lock(service)
    assert fails(home, *command) == "the keyring is locked"
    assert fails(home, "login", "--force", "--code", alice.devices[0].code(1)) == "the keyring is locked"
    assert len([call for call in aws.calls("GetSessionToken") if call.user == alice.arn]) == 1
    service.end_daemon()
    service.start_daemon(unlocked=True)
    assert key_of(home).startswith("ASIA")


def hang(home: Home, service: SecretService) -> None:  # noqa: ARG001  # one shape for all of NONE
    """Let the daemon hang."""
    service.stop()


def choose(**environ: str) -> Callable[[Home, SecretService], None]:
    """Return what changes the environment."""
    return lambda home, _service: home.environ.update(environ)


NO_BUS = choose(DBUS_SESSION_BUS_ADDRESS="")
NONE: dict[str, tuple[Callable[[Home, SecretService], None], str]] = {
    "no bus": (NO_BUS, "there is no keyring here"),
    "stale bus": (choose(DBUS_SESSION_BUS_ADDRESS="unix:path=/nonexistent/bus"), "there is no keyring here"),
    "fail": (choose(PYTHON_KEYRING_BACKEND="keyring.backends.fail.Keyring"), "there is no keyring here"),
    "null": (
        choose(PYTHON_KEYRING_BACKEND="keyring.backends.null.Keyring"),
        "the keyring did not keep what was written (keyring.backends.null.Keyring)",
    ),
    "wrong": (
        choose(PYTHON_KEYRING_BACKEND="no.such.Backend"),
        "the keyring backend 'no.such.Backend' cannot be loaded",
    ),
    "hung": (hang, "the keyring did not answer within 3 s"),
}
"""What makes the keyring absent, and what is said then."""


@pytest.mark.parametrize("none", NONE)
def test_a_login_without_a_keyring(
    home: Home, aws: Sandbox, alice: SandboxUser, service: SecretService, none: str
) -> None:
    """jaraco/keyring#566: reported before a code is spent; the session never lands in plain text instead."""
    make, message = NONE[none]
    make(home, service)
    assert fails(home, "login", "--code", alice.devices[0].code()) == message
    home.write_settings("")
    assert fails(home, "login", "--store", "keyring", "--code", alice.devices[0].code()) == message
    assert [call for call in aws.calls("GetSessionToken") if call.user == alice.arn] == []


@pytest.mark.parametrize("none", [name for name in NONE if name != "null"])
@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_a_keyring_that_went_away(
    home: Home, alice: SandboxUser, service: SecretService, none: str, command: tuple[str, ...]
) -> None:
    """A session is there and cannot be reached (ssh, tmux): exit 7, never "no session", and it is not forgotten."""
    have_session(home, alice)
    environ = dict(home.environ)
    make, message = NONE[none]
    make(home, service)
    assert fails(home, *command) == message
    home.environ = environ
    service.go_on()
    assert key_of(home).startswith("ASIA")


@pytest.mark.parametrize("store", ["keyring", "file"])
@pytest.mark.parametrize("none", ["locked", "no bus", "hung"])
def test_the_hint_helps(home: Home, alice: SandboxUser, service: SecretService, store: str, none: str) -> None:
    """99designs/aws-vault#683: `--store file`, as the hint says, gives a session that every command then takes."""
    have_session(home, alice)
    home.write_settings(f'store = "{store}"\n')
    if none == "locked":
        lock(service)
    else:
        NONE[none][0](home, service)
    have_session(home, alice, "--store", "file", steps=1)
    assert "[default-mfa]" in home.credentials.read_text()
    assert key_of(home).startswith("ASIA")
    assert home.run("process").returncode == 0
    assert home.run("login", "--store", "file").returncode == 0


@pytest.mark.parametrize("none", ["locked", *(name for name in NONE if name != "null")])
def test_status_says_what_it_cannot_reach(home: Home, alice: SandboxUser, service: SecretService, none: str) -> None:
    """Its exit code is still the answer: 0 in general, 1 for a profile whose session cannot be reached."""
    have_session(home, alice)
    message = make_it_go(home, service, none)
    start = time.monotonic()
    done = home.run("status")
    assert time.monotonic() - start < promised(LIMIT)
    assert (done.returncode, done.stdout) == (0, "")
    assert done.stderr.splitlines()[0] == f"mfasession: {message}"
    assert done.stderr.splitlines()[1].startswith("  hint: ")
    assert "no sessions" not in done.stderr
    done = home.run("status", "-p", "default", "--json")
    assert (done.returncode, done.stdout) == (1, "[]\n")
    assert f"mfasession: {message}\n" in done.stderr
    assert "mfasession: no valid session for profile default\n" in done.stderr


def make_it_go(home: Home, service: SecretService, none: str) -> str:
    """Let there be no keyring, in one of the ways; return what is said then."""
    if none == "locked":
        lock(service)
        return "the keyring is locked"
    make, message = NONE[none]
    make(home, service)
    return message


@pytest.mark.parametrize("none", ["locked", *(name for name in NONE if name != "null")])
@pytest.mark.parametrize("command", LOGOUTS, ids=" ".join)
def test_logout_always_gets_the_user_out(
    home: Home, alice: SandboxUser, service: SecretService, none: str, command: tuple[str, ...]
) -> None:
    """What it cannot remove it says once, with exit 7; it is not used, and it goes when the keyring is back."""
    have_session(home, alice)
    environ = dict(home.environ)
    message = make_it_go(home, service, none)
    assert fails(home, *command) == STILL_THERE + message
    again = home.run(*command)
    assert (again.returncode, again.stdout) == (0, "")
    assert f"mfasession: {STILL_THERE}{message}\n" in again.stderr
    assert home.run("process").returncode == 6
    done = home.run("status", "-p", "default")
    assert (done.returncode, done.stdout) == (1, "")
    home.environ = environ
    if none == "locked":
        service.end_daemon()
        service.start_daemon(unlocked=True)
    service.go_on()
    assert items(service) == ["session/default-mfa"]
    assert home.run("process").returncode == 6
    assert home.run("status").stdout == ""
    have_session(home, alice, "-p", "default", "--store", "keyring", steps=1)
    assert places(home) == {"default-mfa": "keyring"}
    assert key_of(home).startswith("ASIA")


def test_a_login_removes_what_a_logout_could_not(home: Home, alice: SandboxUser, service: SecretService) -> None:
    """Another profile's session does not stay in the keyring, where only another program would see it."""
    pair = key_pair("work", alice.key.access_key_id, alice.key.secret_access_key.reveal())
    home.write_credentials(home.credentials.read_text() + pair)
    have_session(home, alice, "-p", "work")
    lock(service)
    assert home.run("logout", "-p", "work").returncode == 7
    service.end_daemon()
    service.start_daemon(unlocked=True)
    have_session(home, alice, steps=1)
    assert items(service) == ["session/default-mfa"]
    assert "no session to forget" in home.run("logout", "-p", "work").stderr


@pytest.mark.parametrize("none", ["no bus", "fail", "locked", "hung", "null"])
def test_a_store_that_fails_changes_nothing(home: Home, alice: SandboxUser, service: SecretService, none: str) -> None:
    """`login --store keyring` that fails: the session stays in the file, and no later command hears of the keyring."""
    home.settings.unlink()
    have_session(home, alice, "--store", "file")
    before = home.credentials.read_bytes()
    message = make_it_go(home, service, none)
    for words in ((), ("--force", "--code", alice.devices[0].code(1))):
        assert fails(home, "login", "--store", "keyring", *words) == message
    assert home.credentials.read_bytes() == before
    done = home.run("status", "-p", "default")
    assert (done.returncode, done.stderr) == (0, "")
    assert key_of(home).startswith("ASIA")
    done = home.run("logout")
    assert (done.returncode, done.stderr.count("\n")) == (0, 1), done.stderr
    assert (home.run("status").returncode, home.run("logout").returncode) == (0, 0)
    assert home.run("process").returncode == 6
    have_session(home, alice, steps=1)


def test_a_failing_store_does_not_hide_the_other(home: Home, alice: SandboxUser, service: SecretService) -> None:
    """One store that fails does not hide the other: `status` shows, and `logout` forgets."""
    pair = key_pair("work", alice.key.access_key_id, alice.key.secret_access_key.reveal())
    home.write_credentials(home.credentials.read_text() + pair)
    have_session(home, alice, "-p", "work")
    have_session(home, alice, "--store", "file", steps=1)
    lock(service)
    done = home.run("status", "--json")
    assert done.returncode == 0
    assert [row["section"] for row in json.loads(done.stdout)] == ["default-mfa"]
    assert done.stderr.startswith("mfasession: the keyring is locked\n")
    assert home.run("status").stdout.splitlines()[1].startswith("default ")
    assert home.run("status", "-p", "default").returncode == 0
    done = home.run("logout", "--all")
    assert done.returncode == 7
    assert done.stderr.startswith("mfasession: forgot default-mfa (file);")
    assert "\nmfasession: work-mfa may still be in the keyring, and is not used any more: the keyring is locked\n" in (
        done.stderr
    )
    assert "[default-mfa]" not in home.credentials.read_text()


def test_a_lost_list_of_sections(home: Home, alice: SandboxUser, service: SecretService) -> None:
    """What we remember may be deleted: the session is found, shown, listed again and forgotten all the same."""
    have_session(home, alice)
    listed = home.folder / ".local" / "state" / "mfasession" / "keyring.sessions"
    listed.unlink()
    assert home.run("status", "-p", "default").returncode == 0
    assert home.run("login").returncode == 0
    assert places(home) == {"default-mfa": "keyring"}
    listed.unlink()
    done = home.run("logout")
    assert done.stderr.startswith("mfasession: forgot default-mfa (keyring);")
    assert items(service) == []


def test_a_section_of_another_tool(home: Home, alice: SandboxUser) -> None:
    """What stands in the credentials file under that name does not matter to the keyring."""
    home.write_credentials(home.credentials.read_text() + key_pair("default-mfa"))
    before = home.credentials.read_bytes()
    assert home.run("process").returncode == 6
    have_session(home, alice)
    assert places(home) == {"default-mfa": "keyring"}
    assert home.run("logout").returncode == 0
    assert home.credentials.read_bytes() == before


def test_an_old_session_in_the_file(home: Home, alice: SandboxUser) -> None:
    """An expired session in plain text, from before the store was switched, goes with the next login."""
    home.write_credentials(
        home.credentials.read_text() + session_section(expires="2020-01-01T00:00:00Z", key_id=alice.key.access_key_id)
    )
    have_session(home, alice)
    assert "[default-mfa]" not in home.credentials.read_text()
    assert places(home) == {"default-mfa": "keyring"}
