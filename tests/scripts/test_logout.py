"""`mfasession logout`: the session is gone from every store, and nothing else is."""

import json

import pytest

from mfasession.sandbox import Sandbox, SandboxUser
from tests.helpers.checks import complaint, have_session
from tests.helpers.support import SESSION_ID, Home, key_pair, need, session_section

NOTHING = "mfasession: no session to forget\n"
COPIES = "; AWS honours a copy elsewhere until it expires\n"


def test_it_forgets_one_session(home: Home) -> None:
    """The profile's section goes, all others stay as they are, the second time says that there is none."""
    head = "# mine\n" + key_pair("work") + "\n"
    other = session_section("other-mfa")
    home.write_credentials(head + session_section("work-mfa") + "\n" + other)
    done = home.run("logout", "-p", "work")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", f"mfasession: forgot work-mfa (file){COPIES}")
    assert home.credentials.read_text() == head + other
    assert home.credentials.stat().st_mode & 0o777 == 0o600
    before = home.credentials.stat().st_ino
    done = home.run("logout", "-p", "work")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", NOTHING)
    assert home.credentials.stat().st_ino == before


def test_it_forgets_all(home: Home) -> None:
    """`--all`: every section of ours, and no key pair, no foreign session, no section of another tool."""
    foreign = key_pair("awsume-made") + "manager = awsume\n"
    kept = key_pair("work") + "\n" + foreign + "\n" + key_pair("default", "ASIASOMEBODY") + "aws_session_token = x\n"
    home.write_credentials(kept + "\n" + session_section("work-mfa") + session_section("today"))
    done = home.run("logout", "--all")
    assert (done.returncode, done.stderr) == (0, f"mfasession: forgot work-mfa (file), today (file){COPIES}")
    assert home.credentials.read_text().rstrip("\n") == kept.rstrip("\n")
    done = home.run("logout", "--all")
    assert (done.returncode, done.stderr) == (0, NOTHING)


def test_no_session_is_left_afterwards(alices_home: Home, alice: SandboxUser) -> None:
    """Not for env, not in status, and the device stays known for the next login."""
    have_session(alices_home, alice.devices[0])
    assert alices_home.run("logout").returncode == 0
    assert alices_home.run("env").returncode == 6
    assert json.loads(alices_home.run("status", "--json").stdout) == []
    have_session(alices_home, alice.devices[0], steps=1)


def test_an_expired_session_is_forgotten_too(home: Home) -> None:
    """aws/aws-cli#6980: clean at expiry, on request."""
    home.write_credentials(key_pair() + session_section(expires="2020-01-01T00:00:00Z"))
    assert home.run("logout").stderr == f"mfasession: forgot default-mfa (file){COPIES}"


@pytest.mark.parametrize("words", [("-p", "gone"), ("-p", "gone-mfa"), ("--all",)], ids=" ".join)
def test_a_session_outlives_its_profile_and_can_be_forgotten(home: Home, words: tuple[str, ...]) -> None:
    """The key was removed, or has become half a pair: what it left behind can still be thrown away."""
    half = "[half]\naws_access_key_id = AKIAHALF\n"
    home.write_credentials(half + "\n" + session_section("gone-mfa"))
    done = home.run("logout", *words)
    assert (done.returncode, done.stderr) == (0, f"mfasession: forgot gone-mfa (file){COPIES}")
    assert home.credentials.read_text().rstrip("\n") == half.rstrip("\n")


def test_half_a_key_pair_does_not_keep_a_session(home: Home) -> None:
    """Whatever is wrong with the key, the session can be forgotten."""
    home.write_credentials("[half]\naws_access_key_id = AKIAHALF\n\n" + session_section("half-mfa"))
    assert home.run("logout", "-p", "half").stderr == f"mfasession: forgot half-mfa (file){COPIES}"


def test_a_profile_that_never_was(home: Home) -> None:
    """A misspelt name is reported, and nothing is forgotten instead."""
    home.write_credentials(key_pair("work") + session_section("work-mfa"))
    before = home.credentials.read_bytes()
    done = home.run("logout", "-p", "wrok")
    assert (done.returncode, done.stderr) == (3, complaint("there is no profile wrok", "did you mean work?"))
    assert home.credentials.read_bytes() == before


def test_a_role_of_its_own_key_pair_leaves_nothing(aws: Sandbox, alices_home: Home, alice: SandboxUser) -> None:
    """The session of the user, which assumed the role, goes with the role's."""
    role = aws.add_role(f"admin-{alice.name}", trusted=[alice.arn])
    alices_home.config.write_text(f"[default]\nrole_arn = {role.arn}\nsource_profile = default\n")
    have_session(alices_home, alice.devices[0])
    done = alices_home.run("logout")
    assert (done.returncode, done.stderr) == (
        0,
        f"mfasession: forgot default-mfa (file), default-user-mfa (file){COPIES}",
    )
    assert json.loads(alices_home.run("status", "--json").stdout) == []


HELD = complaint("this shell still holds the session of profile work", 'eval "$(mfasession env --unset)"')


def test_a_shell_that_still_holds_the_session_is_said_to(home: Home) -> None:
    """Its environment is not ours to change: the line that does it is shown, in this shell's words, and works."""
    home.write_credentials(key_pair("work") + session_section("work-mfa") + key_pair() + session_section())
    script = """
        eval "$(mfasession env -p work)"
        mfasession logout -p default; echo "held=$AWS_ACCESS_KEY_ID"
        mfasession logout -p work 2>said; cat said
        eval "$(sed -n 's/  hint: //p' said)"
        echo "held=$AWS_ACCESS_KEY_ID"
        mfasession logout -p work
    """
    done = home.run_program("bash", "-c", script)
    out = f"held={SESSION_ID}\nmfasession: forgot work-mfa (file){COPIES}{HELD}held=\n"
    assert done.stdout == out
    assert done.stderr == f"mfasession: forgot default-mfa (file){COPIES}{NOTHING}"


def test_a_shell_of_exec_too_and_all(home: Home) -> None:
    """`exec -- fish` holds it as well, and `logout --all` means every profile."""
    home.write_credentials(key_pair("work") + session_section("work-mfa"))
    done = home.run("exec", "-p", "work", "--", need("fish"), "--no-config", "-c", "mfasession logout --all; true")
    line = "mfasession env --unset --shell fish | source"
    assert done.stderr.endswith(complaint("this shell still holds the session of profile work", line))
    done = home.run("exec", "-p", "work", "--server", "--", "true")
    assert "holds" not in done.stderr
