"""`mfasession env`: what it sets and unsets, in which shell's words, and how it makes an eval fail."""

import json

import pytest

from mfasession import shells, timestamps
from tests.helpers.checks import complaint
from tests.helpers.support import MFASESSION, SECRET, SESSION_ID, Home, key_pair, need, session_section

EXPIRES = "2099-01-01T00:00:00Z"
VALUES = {
    "AWS_ACCESS_KEY_ID": SESSION_ID,
    "AWS_SECRET_ACCESS_KEY": SECRET,
    "AWS_SESSION_TOKEN": "FwoGZXIvYXdzEXAMPLE",
    "AWS_CREDENTIAL_EXPIRATION": EXPIRES,
    "MFASESSION_PROFILE": "default",
    "AWSUME_PROFILE": "default",
    "MFASESSION_EXPIRES": str(timestamps.parse(EXPIRES)),
    "MFASESSION_HOLDS": "eu-north-1/eu-north-1 default",
}
REGION = {"AWS_REGION": "eu-north-1", "AWS_DEFAULT_REGION": "eu-north-1"}
GONE = ("AWS_PROFILE", "AWS_DEFAULT_PROFILE", "AWS_SECURITY_TOKEN")
NO_SESSION = complaint(
    "there is no session for profile default, and there is no terminal to ask for a code", "mfasession login"
)


@pytest.fixture
def live(home: Home) -> Home:
    """A home with a session that lives until 2099, in a profile with a region, and none in the environment."""
    del home.environ["AWS_REGION"]
    home.write_credentials(key_pair() + session_section())
    home.config.write_text("[default]\nregion = eu-north-1\n")
    return home


def read(home: Home, *words: str) -> dict[str, str | None]:
    """The variables as JSON: null is for unset."""
    done = home.run("env", "--shell", "json", *words)
    assert (done.returncode, done.stderr) == (0, "")
    values: dict[str, str | None] = json.loads(done.stdout)
    return values


def test_every_variable(live: Home) -> None:
    """99designs/aws-vault#863, broamski/aws-mfa#44: keys, token, expiry, region, whose; what would shadow them goes."""
    assert read(live) == {**VALUES, **REGION, **dict.fromkeys(GONE)}


def test_no_region_is_made_up(home: Home) -> None:
    """A profile without one: the two variables are left alone."""
    home.write_credentials(key_pair() + session_section())
    assert read(home) == {**VALUES, "MFASESSION_HOLDS": "/ default", **dict.fromkeys(GONE)}


def test_unset_takes_back_all_that_it_sets(live: Home) -> None:
    """No session, no key and no file is needed for it."""
    assert read(live, "--unset") == dict.fromkeys([*VALUES, *REGION])
    live.credentials.unlink()
    assert read(live, "--unset") == dict.fromkeys([*VALUES, *REGION])


@pytest.mark.parametrize("shell", shells.names())
def test_each_shell_has_its_words(live: Home, shell: str) -> None:
    """Every NAME gives every variable, and --unset names each again."""
    for words, values in ((("env",), {**VALUES, **REGION}), (("env", "--unset"), {})):
        done = live.run(*words, "--shell", shell)
        assert (done.returncode, done.stderr) == (0, "")
        assert all(name in done.stdout for name in [*VALUES, *REGION])
        assert all(str(value) in done.stdout for value in values.values())
        assert done.stdout.endswith("\n")
        assert "\r" not in done.stdout


@pytest.mark.parametrize(
    ("name", "known"), [("fisch", "did you mean fish?"), ("zzz", f"known: {', '.join(shells.names())}")]
)
def test_an_unknown_shell(live: Home, name: str, known: str) -> None:
    """The nearest name is offered, else all; and the eval fails."""
    done = live.run("env", "--shell", name)
    assert (done.returncode, done.stdout) == (2, "(exit 2)\n")
    assert done.stderr == complaint(f"--shell: unknown shell '{name}' ({known})", "see mfasession env --help")


EVAL_IN_BASH = (
    f'eval "$({MFASESSION} env)"; code=$?; echo $code $AWS_ACCESS_KEY_ID ${{AWS_PROFILE-gone}} $MFASESSION_EXPIRES'
)
EVAL_IN_FISH = (
    f"{MFASESSION} env --shell fish | source; set code $status; set -q AWS_PROFILE; or set -g AWS_PROFILE gone; "
    "echo $code $AWS_ACCESS_KEY_ID $AWS_PROFILE $MFASESSION_EXPIRES"
)


@pytest.mark.parametrize(("shell", "line"), [("bash", EVAL_IN_BASH), ("fish", EVAL_IN_FISH)])
def test_the_habit_in_a_real_shell(live: Home, shell: str, line: str) -> None:
    """99designs/aws-vault#761: the second habit sets what it says, and AWS_PROFILE is gone afterwards."""
    done = live.run_program(need(shell), "-c", line, environ={"AWS_PROFILE": "default"})
    assert (done.stdout, done.stderr) == (f"0 {SESSION_ID} gone {VALUES['MFASESSION_EXPIRES']}\n", "")


@pytest.mark.parametrize(("shell", "line", "shown"), [("bash", EVAL_IN_BASH, "6 "), ("fish", EVAL_IN_FISH, "1 ")])
def test_a_failure_makes_the_eval_fail(home: Home, shell: str, line: str, shown: str) -> None:
    """`eval "$(false)"` succeeds; ours hands the exit code on, and no variable is touched."""
    home.write_credentials(key_pair())
    done = home.run_program(need(shell), "-c", line, environ={"AWS_PROFILE": "default", "AWS_ACCESS_KEY_ID": "old"})
    assert done.stdout.startswith(f"{shown}old default")
    assert done.stderr == NO_SESSION


def test_a_failure_stops_a_script_that_is_careful(home: Home) -> None:
    """`set -e` ends the script at the eval, with our exit code."""
    home.write_credentials(key_pair())
    done = home.run_program("bash", "-euc", f'eval "$({MFASESSION} env)"; echo went on')
    assert (done.returncode, done.stdout, done.stderr) == (6, "", NO_SESSION)


def test_unset_in_a_real_shell(live: Home) -> None:
    """What the habit set is gone again, and the rest of the environment is not."""
    line = f'eval "$({MFASESSION} env)"; eval "$({MFASESSION} env --unset)"; env'
    done = live.run_program("bash", "-euc", line, environ={"MINE": "stays"})
    assert done.returncode == 0
    names = {shown.partition("=")[0] for shown in done.stdout.splitlines()}
    assert not names & {*VALUES, *REGION}
    assert "MINE" in names


def test_an_expired_session_is_not_served(home: Home) -> None:
    """Noovolari/leapp#174: reported as expired, with the command that fixes it."""
    home.write_credentials(key_pair("work") + session_section("work-mfa", "2020-01-01T00:00:00Z"))
    expired = complaint(
        "the session of profile work has expired, and there is no terminal to ask for a code",
        "mfasession login -p work",
    )
    itself = "run it in a terminal, or with the code on stdin: mfasession login -p work --code -"
    for words in (("env",), ("process",), ("exec", "--", "true"), ("login",)):
        said = expired if words != ("login",) else expired.replace("mfasession login -p work", itself)
        done = home.run(*words[:1], "-p", "work", *words[1:])
        assert (done.returncode, done.stderr) == (6, said)
        done = home.run(*words[:1], "-p", "work", "--no-input", *words[1:])
        refused = expired.replace("there is no terminal to ask for a code", "--no-input was given")
        assert (done.returncode, done.stderr) == (6, refused)


def test_a_value_that_a_shell_cannot_hold(home: Home) -> None:
    """A profile's name with a line break in it cannot be written for tcsh: refused, and the name is not quoted."""
    home.write_credentials(key_pair("a%b") + session_section("a%b-mfa"))
    done = home.run("env", "-p", "a%b", "--shell", "cmd")
    assert done.returncode == 3
    assert done.stdout == "cmd /c exit 3\n"
    assert done.stderr == complaint(
        "MFASESSION_PROFILE holds '%', which cannot be written for cmd",
        "run the command with exec instead, which needs no quoting",
    )
