"""What the Tab key offers."""

import pytest

from mfasession.cli import completion

PROFILES = ("default", "work", "work-eu")
FLAGS = ("-h", "--help", "-p", "--profile", "--no-input", "--debug")


@pytest.mark.parametrize(
    ("words", "offered"),
    [
        (["lo"], ["login", "logout"]),
        (["-p", "w"], ["work", "work-eu"]),
        (["env", "--profile", ""], list(PROFILES)),
        (["env", "--profile=work-"], ["--profile=work-eu"]),
        (["login", "--st"], ["--store"]),
        (["login", "--store", ""], ["file", "kernel", "keyring"]),
        (["-p", "work", "login", "--for"], ["--force"]),
        (["env", "--shell", "e"], ["elvish"]),
        (["status", "--j"], ["--json"]),
        (["login", "--region", "eu-w"], ["eu-west-1", "eu-west-2", "eu-west-3"]),
        (["exec", "--region=me-s"], ["--region=me-south-1"]),
        (["login", "x"], []),
        (["console", "--p"], ["--path", "--print", "--profile"]),
        (["keys", "r"], ["rotate", "remove"]),
        (["keys", "rotate", "r"], []),
        (["-p", "work", "keys", "add", "--store", "k"], ["keyring"]),
        (["-p", "work", "keys", "move", "--to", ""], ["encrypted-file", "file", "keyring"]),
        (["keys", "move", "--to=e"], ["--to=encrypted-file"]),
        (["mfa", "enroll", "--to", ""], ["keyring", "encrypted-file"]),
        (["keys", "p"], ["protect", "passphrase"]),
        (["keys", "remove", "--in"], ["--in-aws"]),
        (["policy", "sh"], ["show"]),
        (["config", "s"], ["set"]),
        (["config", "set", "d"], ["default_profile", "duration"]),
        (["config", "set", "-p", "work", "store", ""], ["file", "kernel", "keyring"]),
        (["config", "get", "-p", "work", "mfa"], ["mfa_serial"]),
        (["config", "get", "store", "s"], []),
        (["config", "unset", "so"], ["source"]),
        (["mfa", ""], ["enroll", "list", "resync", "remove"]),
        (["keys", "passphrase", ""], ["-h", "--help", "--new-command", *FLAGS[2:]]),
        (["policy", "lint", ""], []),
        (["policy", "lint", "--fo"], ["--format"]),
        (["policy", "test", "--scp", ""], []),
        (["login", "--code", ""], []),
        (["login", "--no-input", "--f"], ["--force"]),
        (["policy", "show", "--prof"], ["--profile"]),
    ],
    ids=" ".join,
)
def test_candidates(words: list[str], offered: list[str]) -> None:
    """Commands, the values of a flag, and flags where a dash was typed or nothing else may follow."""
    assert completion.candidates(words, lambda: PROFILES) == offered


def test_nothing_typed_offers_all_commands() -> None:
    """The program's flags are offered behind a dash."""
    offered = completion.candidates([""], lambda: PROFILES)
    assert {"login", "env", "exec", "process", "status", "logout", "help"} <= set(offered)
    assert not [each for each in offered if each.startswith("-")]
    assert {"--version", "--help"} <= set(completion.candidates(["-"], lambda: PROFILES))
    assert completion.candidates([], lambda: PROFILES) == offered


def test_profiles_are_read_when_they_are_wanted() -> None:
    """A malformed AWS file does not keep `login` from being completed."""

    def unreadable() -> list[str]:
        raise AssertionError

    assert completion.candidates(["logi"], unreadable) == ["login"]
