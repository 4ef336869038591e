"""What is said to a user at a terminal alone: how to use a first session, and where a sandbox's codes come from."""

from pathlib import Path

import pytest

from mfasession.sandbox import Sandbox, SandboxUser
from mfasession.shells import hooks
from tests.helpers.checks import complaint
from tests.helpers.enrolling import DARK_TERMINAL, App, bare_user, home_of, scanned
from tests.helpers.faults.file_keyring import ENVIRON as KEYRING
from tests.helpers.seat import CLOCK, seat
from tests.helpers.support import MFASESSION, Home, session_section

USE = 'mfasession: aws and other tools use it after eval "$(mfasession env)", or within mfasession exec -- aws s3 ls'


def log_in(home: Home, user: SandboxUser, *words: str) -> str:
    """Log in at a terminal; what was shown."""
    with seat(home, MFASESSION, "login", *words) as sitting:
        sitting.see(CLOCK)
        sitting.type(user.devices[0].code() + "\r")
        assert sitting.end() == 0
    return sitting.shown


def test_the_first_login_says_what_comes_next(alices_home: Home, alice: SandboxUser) -> None:
    """Plain aws would still be denied. The line is for the profile that was given, once, and not for scripts."""
    assert USE in log_in(alices_home, alice)
    with seat(alices_home, MFASESSION, "login") as sitting:
        assert sitting.end() == 0
    assert "until" in sitting.shown
    assert "aws and other tools" not in sitting.shown
    assert alices_home.run("logout").returncode == 0
    done = alices_home.run("login", "--code", alice.devices[0].code(1))
    assert done.returncode == 0
    assert done.stderr.count("\n") == 1


def test_the_profile_is_named(alices_home: Home, alice: SandboxUser) -> None:
    """Both commands lead to the session that was made."""
    alices_home.credentials.write_text(alices_home.credentials.read_text().replace("[default]", "[work]"))
    shown = log_in(alices_home, alice, "-p", "work")
    assert 'eval "$(mfasession env -p work)", or within mfasession exec -p work -- aws s3 ls' in shown


def test_several_profiles(aws: Sandbox, alices_home: Home, alice: SandboxUser) -> None:
    """One question, and one line that names those that AWS tools would not find."""
    role = aws.add_role(f"admin-{alice.name}", trusted=[alice.arn])
    alices_home.config.write_text(
        f"[profile admin]\nrole_arn = {role.arn}\nsource_profile = default\n"
        f"[profile served]\nrole_arn = {role.arn}\nsource_profile = default\n"
        "[profile tools]\ncredential_process = /usr/bin/mfasession process -p served\n"
    )
    shown = log_in(alices_home, alice, "-p", "default", "-p", "admin", "-p", "served")
    around = "mfasession exec -p default -p admin -- aws s3 ls"
    assert f'use them after eval "$(mfasession env -p default)", or within {around}\r\n' in shown
    with seat(alices_home, MFASESSION, "login", "-p", "default", "-p", "admin") as sitting:
        assert sitting.end() == 0
    assert "aws and other tools" not in sitting.shown


def test_a_section_that_is_in_no_file_is_not_found(alices_home: Home, alice: SandboxUser) -> None:
    """AWS_PROFILE names it, and the session is in the keyring: AWS tools know nothing of it."""
    alices_home.environ |= {"AWS_PROFILE": "default-mfa", **KEYRING}
    alices_home.write_settings('store = "keyring"\n')
    assert "aws and other tools" in log_in(alices_home, alice, "-p", "default")


@pytest.mark.parametrize(
    ("config", "environ"),
    [
        ("[profile tools]\ncredential_process = /usr/bin/mfasession process -p default\n", {}),
        ("", {"AWS_PROFILE": "default-mfa"}),
    ],
    ids=["a credential_process", "AWS_PROFILE"],
)
def test_a_user_who_is_set_up_gets_no_hint(
    alices_home: Home, alice: SandboxUser, config: str, environ: dict[str, str]
) -> None:
    """Their tools find the session."""
    alices_home.config.write_text(config)
    alices_home.environ |= environ
    assert "aws and other tools" not in log_in(alices_home, alice, "-p", "default")


def test_an_expired_session_is_not_the_first(alices_home: Home, alice: SandboxUser) -> None:
    """Every morning would be too often."""
    with alices_home.credentials.open("a") as file:
        file.write(session_section(expires="2020-01-01T00:00:00Z", key_id=alice.key.access_key_id))
    assert "aws and other tools" not in log_in(alices_home, alice)


def test_an_enrolment_ends_with_it(aws: Sandbox, tmp_path: Path) -> None:
    """The first session that a new user has."""
    home = home_of(bare_user(aws), aws, tmp_path)
    with seat(home, MFASESSION, "mfa", "enroll") as sitting:
        sitting.see(r"first code of device [^:]+: +\(")
        app = App(aws, scanned(sitting.seen, home.folder, DARK_TERMINAL))
        first, second = app.pair()
        sitting.line(first)
        sitting.see(r"second code of device [^:]+: +\(")
        sitting.line(second)
        assert sitting.end() == 0
    assert USE in sitting.shown


def test_a_sandbox_says_where_its_codes_come_from(home: Home) -> None:
    """The line that it shows, typed in its shell, is the code that logs in."""
    with seat(home, MFASESSION, "sandbox", "--", "bash", "--norc", "-i", environ={"PS1": "here> "}) as sitting:
        command = sitting.see(r"the code of her device: +([^\r]+)\r")[1]
        sitting.see("put AWS's clock ahead: +")
        sitting.see("here> ")
        sitting.line(f"mfasession login --code $({command}) && echo went $?")
        sitting.see("session for default until")
        sitting.see("went 0")


def test_a_sandbox_has_no_keyring(home: Home) -> None:
    """What is in the user's own for the profile `default` is a real key: it is neither read nor replaced."""
    done = home.run("sandbox", "--", MFASESSION, "keys", "protect")
    assert (done.returncode, done.stderr) == (
        7,
        complaint("there is no keyring here", "start one (gnome-keyring, KWallet)"),
    )


def test_a_sandbox_leaves_the_start_up_files_alone(home: Home) -> None:
    """They are the person's own: what is tried there must not be in the next shell, nor be taken out of it."""
    home.environ["ZDOTDIR"] = str(home.folder)
    for shell in hooks.names():
        assert home.run("shell", "init", shell, "--install", "--yes").returncode == 0
    before = {path: path.read_bytes() for path in home.folder.rglob("*") if path.is_file()}
    each = "mfasession shell init $shell --uninstall --yes; mfasession shell init $shell --install --yes || exit"
    script = f'for shell in {" ".join(hooks.names())}; do {each}; done; echo "$MFASESSION_SANDBOX_HOME"'
    done = home.run("sandbox", "--", "sh", "-c", script)
    folder = done.stdout.strip()
    assert done.returncode == 0, done.stderr
    assert done.stderr.count(f"mfasession: changed {folder}/") == len(hooks.names())
    assert folder not in (str(home.folder), "")
    after = {path: path.read_bytes() for path in home.folder.rglob("*") if path.is_file()}
    assert {path: after.get(path) for path in before} == before


def test_a_sandbox_is_silent_for_a_script(home: Home) -> None:
    """It would not be read there."""
    done = home.run("sandbox", "--", "sh", "-c", "echo done >&2")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "done\n")
