"""What a wrong command line gets: one line, a hint, exit code 2, and for `env` a line that makes the eval fail."""

import re

import pytest

from mfasession import __version__
from mfasession.cli import arguments, registry
from tests.helpers.checks import complaint
from tests.helpers.support import SESSION_ID, Home, key_pair, session_section

GROUPS = [name for name, module in registry.commands().items() if registry.has_actions(module)]
MEANT = "did you mean: mfasession"


@pytest.mark.parametrize(
    ("words", "what", "hint"),
    [
        (("lgoin",), "unknown command lgoin", f"{MEANT} login"),
        (("lgoin", "-p", "work", "--code", "123456"), "unknown command lgoin", f"{MEANT} login -p work"),
        (("frobnicate",), "unknown command frobnicate", "see mfasession --help"),
        (("version",), "unknown command version", f"{MEANT} --version"),
        (("keys", "lst", "-p", "work"), "keys has no action lst", f"{MEANT} keys list -p work"),
        (("login", "--froce"), "unknown flag --froce", f"{MEANT} login --force"),
        (("login", "--forc", "--code", "123456"), "unknown flag --forc", f"{MEANT} login --force"),
        (("login", "--profiel", "work"), "unknown flag --profiel", f"{MEANT} login --profile work"),
        (("mfa", "enroll", "--secert=hunter2"), "unknown flag --secert", "did you mean --secret?"),
        (
            ("process", "--json"),
            "unknown flag --json",
            "--json is a flag of status, profiles, whoami and doctor",
        ),
        (("keys", "list", "--csv", "x"), "unknown flag --csv", "--csv is a flag of keys add"),
        (("--frobnicate", "login"), "unknown flag --frobnicate", "see mfasession login --help"),
        (("login", "work"), "unexpected argument work", f"{MEANT} login -p work"),
        (("login", "--force", "my work"), "unexpected argument my work", f"{MEANT} login --force -p 'my work'"),
        (("login", "-p", "a", "b"), "unexpected argument b", "see mfasession login --help"),
        (("login", "123456"), "unexpected argument ***", f"{MEANT} login --code -"),
        (("status", "json"), "unexpected argument json", f"{MEANT} status --json"),
        (("login", "--store", "keyrnig"), "--store cannot be keyrnig", "did you mean keyring?"),
        (("exec", "--servr", "aws", "s3"), "unknown flag --servr", f"{MEANT} exec --server aws s3"),
        (("exce", "-p", "a", "--", "aws", "s3"), "unknown command exce", f"{MEANT} exec -p a -- aws s3"),
        (("login", "--", "x"), "login runs no command", "only exec and sandbox take words behind --"),
        (("login", "-p"), "-p/--profile needs a value", "see mfasession login --help"),
        (("login", "--force=x"), "--force takes no value", "see mfasession login --help"),
        (("policy", "explain"), "FILE is missing", "see mfasession policy explain --help"),
        (("status", "--watch"), "--watch needs a terminal", "mfasession status --json, for scripts"),
        (("login", "\x1b[2J"), "unexpected argument ?[2J", f"{MEANT} login -p '?[2J'"),
    ],
)
def test_a_wrong_command_line(home: Home, words: tuple[str, ...], what: str, hint: str) -> None:
    """The user who typed it must act: exit code 2, nothing on stdout."""
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
def test_an_invalid_duration(home: Home, flag: str, text: str, why: str) -> None:
    """The bounds of GetSessionToken are reported before anything is asked."""
    done = home.run("login", flag, text)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == complaint(f"{flag}: {why}", "see mfasession login --help")


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
def test_a_profile_called_env_is_not_taken_for_a_command(home: Home, words: tuple[str, ...]) -> None:
    """Stdout carries data only: the line for eval comes from `env` and from nothing that is merely called so."""
    home.write_credentials(key_pair())
    done = home.run(*words)
    assert done.returncode in (2, 3)
    assert done.stdout == ""


def test_help_and_version(home: Home) -> None:
    """They go to stdout, end with 0, and no command is missing."""
    done = home.run("--help")
    assert (done.returncode, done.stderr) == (0, "")
    assert all(f"\n  {command} " in done.stdout for command in registry.names())
    for command in registry.names():
        shown = home.run(command, "--help")
        assert (shown.returncode, shown.stderr) == (0, "")
        assert f"\nusage: mfasession {command} " in shown.stdout
        assert "--no-input" in shown.stdout
    assert home.run("--version").stdout == f"mfasession {__version__}\n"


@pytest.mark.parametrize(
    ("command", "known"), [((), registry.names()), *(((name,), arguments.actions_of(name)) for name in GROUPS)], ids=str
)
def test_a_command_without_its_action_lists_them(home: Home, command: tuple[str, ...], known: list[str]) -> None:
    """On stderr and with exit code 2, each with what it does."""
    done = home.run(*command)
    said = f"{command[0]} needs an action" if command else "no command was given"
    hint = " ".join(("mfasession", *command, "--help"))
    assert (done.returncode, done.stdout) == (2, "")
    first, *rows, last = done.stderr.splitlines()
    assert (first, last) == (f"mfasession: {said}", f"  hint: {hint}")
    assert [row.split()[0] for row in rows] == known
    assert all(re.fullmatch(r"  \S+ +[A-Z].*[^.]", row) for row in rows)


@pytest.mark.parametrize("words", [("exec", "sh", "-c", "echo $AWS_ACCESS_KEY_ID"), ("exec", "-p", "default", "env")])
def test_a_command_runs_without_dashes_before_it(home: Home, words: tuple[str, ...]) -> None:
    """As with `env` and `sudo`: the first word that is not a flag starts it, and what follows is its own."""
    home.write_credentials(key_pair() + session_section())
    done = home.run(*words)
    assert (done.returncode, done.stderr) == (0, "")
    assert SESSION_ID in done.stdout


def test_a_profile_where_the_command_belongs(home: Home) -> None:
    """`exec work aws s3 ls`: as a command it is not found, and the hint has the line for the profile."""
    home.write_credentials(key_pair() + session_section() + key_pair("work"))
    done = home.run("exec", "work", "aws", "s3", "ls")
    hint = "did you mean: mfasession exec -p work -- aws s3 ls"
    assert (done.returncode, done.stderr) == (127, complaint("work: command not found", hint))


def test_flags_of_a_command_that_is_run_are_its_own(home: Home) -> None:
    """`exec aws --debug` shows no traceback of ours, and `-p` behind the command is the command's."""
    home.write_credentials(key_pair() + session_section())
    done = home.run("exec", "printf", "%s ", "-p", "work", "--", "--debug")
    assert (done.returncode, done.stdout) == (0, "-p work -- --debug ")
    done = home.run("exec", "-p", "nobody", "aws", "--debug")
    assert done.returncode == 3
    assert "Traceback" not in done.stderr


def test_flags_may_stand_before_the_command(home: Home) -> None:
    """-p, --no-input and --debug are the same before and behind it."""
    home.write_credentials(key_pair("work") + session_section("work-mfa"))
    for words in (("-p", "work", "process"), ("process", "--profile=work"), ("-p", "work", "process", "-pwork")):
        done = home.run("--no-input", *words)
        assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(
    "words",
    [
        ("whoami", "-p", "a", "-p", "b"),
        ("-p", "a", "console", "--profile=b"),
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
    command = next(word for word in words if word in registry.names())
    said = f"{command} takes one profile, and -p names several: a, b"
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


def test_a_missing_word_is_named_with_its_choices(home: Home) -> None:
    """`shell` alone says what may follow."""
    done = home.run("shell")
    hint = "init or complete or refresh; see mfasession shell --help"
    assert (done.returncode, done.stderr) == (2, complaint("ACTION is missing", hint))
