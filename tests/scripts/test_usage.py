"""What a wrong command line gets: one line, a hint, exit code 2, and for `env` a line that makes the eval fail."""

import pytest

from mfasession import __version__
from mfasession.cli import arguments
from tests.helpers.checks import complaint
from tests.helpers.support import Home, key_pair, session_section

COMMANDS = ", ".join(arguments.COMMANDS)
PUT = "put -- before the command: mfasession"


@pytest.mark.parametrize(
    ("words", "what", "hint"),
    [
        ((), "which command?", f"one of {COMMANDS}; see mfasession --help"),
        (("lgoin",), "there is no command lgoin", "did you mean login?"),
        (("frobnicate",), "there is no command frobnicate", f"known: {COMMANDS}"),
        (("login", "--froce"), "unknown argument --froce", "see mfasession login --help"),
        (("login", "--forc"), "unknown argument --forc", "see mfasession login --help"),
        (("process", "--json"), "unknown argument --json", "see mfasession process --help"),
        (("--frobnicate", "login"), "unknown argument --frobnicate", "see mfasession login --help"),
        (("login", "work"), "unknown argument work", "see mfasession login --help"),
        (("login", "--store", "keyrnig"), "--store cannot be keyrnig", "did you mean keyring?"),
        (("exec", "aws", "s3", "ls"), "unknown argument aws", f"{PUT} exec -- aws s3 ls"),
        (("exec", "-p", "work", "aws", "-p", "x"), "unknown argument aws", f"{PUT} exec -p work -- aws -p x"),
        (("exec", "-p", "aws", "aws"), "unknown argument aws", f"{PUT} exec -p aws -- aws"),
        (("sandbox", "bash"), "unknown argument bash", f"{PUT} sandbox -- bash"),
        (("login", "--", "x"), "login runs no command", "only exec and sandbox take words behind --"),
        (("login", "-p"), "argument -p/--profile: expected one argument", "see mfasession login --help"),
        (("status", "--watch"), "--watch needs a terminal", "mfasession status --json, for scripts"),
        (("login", "\x1b[2J"), "unknown argument ?[2J", "see mfasession login --help"),
    ],
)
def test_a_wrong_command_line(home: Home, words: tuple[str, ...], what: str, hint: str) -> None:
    """The person who typed it must act: exit code 2, nothing on stdout."""
    done = home.run(*words)
    assert (done.returncode, done.stdout, done.stderr) == (2, "", complaint(what, hint))


@pytest.mark.parametrize(
    ("flag", "text", "why"),
    [
        ("--duration", "14m", "'14m' is out of range: from 15 min to 36 h"),
        ("--duration", "36h1s", "'36h1s' is out of range: from 15 min to 36 h"),
        ("--duration", "-5", "'-5' is not a duration: write it as 12h, 90m or 3600"),
        ("--duration", "soon", "'soon' is not a duration: write it as 12h, 90m or 3600"),
        ("--duration", "", "'' is not a duration: write it as 12h, 90m or 3600"),
        ("--min-ttl", "37h", "'37h' is out of range: from 0 s to 36 h"),
    ],
)
def test_a_duration_that_is_none(home: Home, flag: str, text: str, why: str) -> None:
    """The bounds of GetSessionToken are told before anything is asked."""
    done = home.run("login", flag, text)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == complaint(f"argument {flag}: {why}", "see mfasession login --help")


@pytest.mark.parametrize(
    ("words", "line"),
    [
        (("env", "--shell", "fisch"), "(exit 2)\n"),
        (("env", "--unknown"), "(exit 2)\n"),
        (("--unknown", "env"), "(exit 2)\n"),
        (("env", "--shell", "fish", "--unknown"), "false\n"),
        (("env", "--shell=fish", "--unknown"), "false\n"),
        (("env", "--shell", "json", "--unknown"), ""),
        (("env", "--shell=json", "-p", "nobody"), ""),
        (("-p", "nobody", "env"), "(exit 3)\n"),
        (("env", "-p", "nobody", "--shell=fish"), "false\n"),
    ],
    ids=str,
)
def test_the_eval_fails_too(home: Home, words: tuple[str, ...], line: str) -> None:
    """`eval "$(mfasession env --wrong)"` must not go on as if nothing had happened, in whatever shell it stands."""
    done = home.run(*words)
    assert done.stdout == line
    assert done.stderr.startswith("mfasession: ")


@pytest.mark.parametrize(
    "words",
    [
        ("login", "-p", "env"),
        ("status", "--profile", "env"),
        ("-p", "env", "process"),
        ("exec", "-p", "env", "--", "true"),
        ("login", "--serial", "env", "--code", "123456"),
        ("login", "env"),
    ],
    ids=" ".join,
)
def test_a_profile_called_env_is_no_command(home: Home, words: tuple[str, ...]) -> None:
    """Stdout carries data only: the line for eval comes from `env` and from nothing that is merely called so."""
    home.write_credentials(key_pair())
    done = home.run(*words)
    assert done.returncode in (2, 3)
    assert done.stdout == ""


def test_help_and_version(home: Home) -> None:
    """They go to stdout, end with 0, and no command is missing."""
    done = home.run("--help")
    assert (done.returncode, done.stderr) == (0, "")
    assert all(f"\n    {command} " in done.stdout for command in arguments.COMMANDS)
    for command in arguments.COMMANDS:
        shown = home.run(command, "--help")
        assert (shown.returncode, shown.stderr) == (0, "")
        assert shown.stdout.startswith(f"usage: mfasession {command} ")
        assert "--no-input" in shown.stdout
    assert home.run("--version").stdout == f"mfasession {__version__}\n"


def test_flags_may_stand_before_the_command(home: Home) -> None:
    """-p, --no-input and --debug are the same before and behind it."""
    home.write_credentials(key_pair("work") + session_section("work-mfa"))
    for words in (("-p", "work", "process"), ("process", "--profile=work"), ("-p", "work", "process", "-pwork")):
        done = home.run("--no-input", *words)
        assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(
    "words",
    [
        ("login", "-p", "a", "-p", "b"),
        ("-p", "a", "login", "--profile=b"),
        ("env", "-pa", "-p", "b"),
        ("process", "-p", "a", "-p", "b"),
        ("status", "-p", "a", "-p", "b"),
        ("logout", "-p", "a", "--all", "-p", "b"),
        ("mfa", "-p", "a", "list", "-p", "b"),
        ("-p", "a", "policy", "show", "-p", "b"),
    ],
    ids=" ".join,
)
def test_two_profiles_where_one_is_meant(home: Home, words: tuple[str, ...]) -> None:
    """The last one is not taken silently."""
    home.write_credentials("".join(key_pair(name) + session_section(f"{name}-mfa") for name in "ab"))
    done = home.run(*words)
    command = next(word for word in words if word in arguments.COMMANDS)
    said = f"{command} is about one profile, and -p names several: a, b"
    assert (done.returncode, done.stderr) == (2, complaint(said, "name one of them"))
    assert done.stdout == ("(exit 2)\n" if command == "env" else "")


def test_several_profiles_wherever_they_stand(home: Home) -> None:
    """`exec` takes those before it, too."""
    home.write_credentials("".join(key_pair(name) + session_section(f"{name}-mfa") for name in "ab"))
    done = home.run("-p", "a", "exec", "-p", "b", "--", "printenv", "MFASESSION_PROFILE")
    assert sorted(done.stdout.splitlines()) == ["a: a", "b: b"]


def test_debug_shows_where_and_no_secret(home: Home) -> None:
    """A traceback, then the same two lines; without --debug never one."""
    home.write_credentials(key_pair() + "aws_session_token = FwoGZXIvYXdzSECRET\n")
    plain, debug = home.run("login"), home.run("login", "--debug")
    assert plain.stderr.startswith("mfasession: profile default has an aws_session_token beside")
    assert debug.stderr.startswith("Traceback (most recent call last):\n")
    assert debug.stderr.endswith(plain.stderr)
    assert not any(secret in debug.stderr for secret in ("SECRET", "wJalrXUtnFEMI"))
