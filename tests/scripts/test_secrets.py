"""A secret stands in the credentials file and in what was asked for on stdout; nowhere else, in no mode."""

import re

import pytest

from mfasession.sandbox import Sandbox, SandboxUser
from tests.helpers.checks import keys_of, log_in
from tests.helpers.echo import echoing
from tests.helpers.support import SECRET, Home, key_pair, session_section


def secrets_in(home: Home) -> set[str]:
    """Every secret access key and session token of the credentials file."""
    return set(re.findall(r"(?:secret_access_key|session_token) = (\S+)", home.credentials.read_text()))


def holders(home: Home, secrets: set[str]) -> set[str]:
    """The files of the home that hold one of these."""
    files = (path for path in home.folder.rglob("*") if path.is_file())
    return {path.name for path in files if any(secret.encode() in path.read_bytes() for secret in secrets)}


@pytest.mark.parametrize("kind", ["lose_answer", "hang_up", "error500"])
@pytest.mark.parametrize("action", ["GetCallerIdentity", "ListMFADevices", "GetSessionToken"])
def test_a_traceback_holds_none(aws: Sandbox, alices_home: Home, alice: SandboxUser, action: str, kind: str) -> None:
    """Botocore's exceptions hold the request, code and signature and all: --debug shows none of it."""
    code = alice.devices[0].code()
    aws.faults.add(action, kind, times=9)
    done = alices_home.run("login", "--debug", "--code", code)
    assert done.returncode == 5
    assert done.stderr.startswith("Traceback (most recent call last):\n")
    assert not any(secret in done.stderr for secret in {code, *secrets_in(alices_home)})
    assert "botocore" not in done.stderr
    assert holders(alices_home, secrets_in(alices_home)) == {"credentials"}
    assert holders(alices_home, {code}) == set()


def test_a_refusal_quotes_none(alices_home: Home, alice: SandboxUser) -> None:
    """AWS's answer to a wrong secret, and to a wrong code, in full."""
    alices_home.write_credentials(keys_of(alice).replace("aws_secret_access_key = ", "aws_secret_access_key = WRONG"))
    done = alices_home.run("login", "--debug", "--code", "123456")
    assert done.returncode == 4
    assert not any(secret in done.stderr for secret in {"123456", "WRONG", *secrets_in(alices_home)})


@pytest.mark.parametrize("code", ["ValidationError", "AccessDenied", "NoSuchEntity", "Odd", "{said}"])
@pytest.mark.parametrize("debug", [(), ("--debug",)], ids=["plain", "debug"])
def test_an_answer_that_quotes_the_request(home: Home, code: str, debug: tuple[str, ...]) -> None:
    """Some proxies and mock endpoints do: the code, the signature and the token stay out of what we pass on.

    A role is assumed with a session, whose token is sent with the request; a login sends the code.
    """
    token = "FwoGZXIvYXdzEJr" + "aB3+dE6/" * 8
    home.write_credentials(key_pair() + session_section().replace("FwoGZXIvYXdzEXAMPLE", token))
    home.config.write_text("[profile r]\nrole_arn = arn:aws:iam::123456789012:role/r\nsource_profile = default\n")
    serial = "arn:aws:iam::123456789012:mfa/phone"
    with echoing(code) as url:
        words = ("login", "--force", "--code", "492039", "--serial", serial, *debug)
        for done in (
            home.run(*words, environ={"AWS_ENDPOINT_URL": url}),
            home.run("login", "-p", "r", *debug, environ={"AWS_ENDPOINT_URL": url}),
        ):
            assert done.returncode == 4
            assert "AWS refused" in done.stderr or "AWS denied" in done.stderr or "AWS does not have it" in done.stderr
            assert not any(secret in done.stderr for secret in ("492039", token[:16], SECRET))
            assert not re.search(r"Signature=[0-9a-f]{16}", done.stderr)


@pytest.mark.parametrize(
    "words",
    [
        ("492039",),
        ("--code", "492039", "login"),
        ("login", "492039"),
        ("login", "492 039"),
        ("login", "--token-code=492039"),
        ("login", "--secret=492039"),
        ("login", "--force=492039"),
        ("login", "--store", "492039"),
        ("login", "--code", "4920390"),
        ("login", "--code", "49203"),
        ("login", "--duration", "492039"),
        ("login", "--", "492039"),
        ("env", "492039"),
        ("env", "--shell", "492039"),
        ("shell", "492039"),
        ("shell", "init", "492039"),
        ("keys", "492039"),
        ("keys", "add", "492039"),
        ("keys", "rotate", "492039"),
    ],
    ids=" ".join,
)
@pytest.mark.parametrize("secret", ["492039", SECRET], ids=["code", "key"])
def test_a_secret_in_the_wrong_place_is_not_quoted(home: Home, words: tuple[str, ...], secret: str) -> None:
    """A slip of the hand on the command line: the error goes into logs that the command line does not."""
    words = tuple(word.replace("492039", secret) for word in words)
    for debug in ((), ("--debug",)):
        done = home.run(*debug, *words)
        assert done.returncode == 2
        assert not any(shown in done.stdout + done.stderr for shown in (secret, "49203", "492 039"))


@pytest.mark.parametrize("words", [("exec",), ("exec", "--"), ("exec", "--server", "--")], ids=" ".join)
@pytest.mark.parametrize("secret", ["492039", SECRET], ids=["code", "key"])
def test_a_secret_in_place_of_a_command_is_not_quoted(home: Home, words: tuple[str, ...], secret: str) -> None:
    """`mfasession exec 492039` runs the command of that name, which is not there."""
    home.write_credentials(key_pair() + session_section())
    done = home.run(*words, secret)
    assert (done.returncode, done.stderr.splitlines()[0]) == (127, "mfasession: ***: command not found")


@pytest.mark.parametrize("line", ['code = "{}"', 'store = "{}"', "{} = 1", 'code = {{ "{}" = [] }}', "duration = '{}'"])
def test_a_seed_in_the_wrong_place_is_not_quoted(home: Home, line: str) -> None:
    """`code = "JBSW…"` is the first guess of a user who has a seed and wants no questions."""
    seed = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
    home.write_settings(line.format(seed) + "\n")
    for debug in ((), ("--debug",)):
        done = home.run("login", *debug)
        assert done.returncode == 3
        assert seed not in done.stdout + done.stderr


def test_a_session_is_in_one_place(alices_home: Home, alice: SandboxUser) -> None:
    """After a day's commands: the file, and what `env` and `process` were asked to print."""
    log_in(alices_home, alice.devices[0], "--debug")
    secrets = secrets_in(alices_home)
    assert len(secrets) == 3
    for words in (("login",), ("status",), ("status", "--json"), ("exec", "--", "true"), ("env", "--unset")):
        done = alices_home.run(*words, "--debug") if words[0] != "exec" else alices_home.run(*words)
        assert done.returncode == 0, done.stderr
        assert not any(secret in done.stdout + done.stderr for secret in secrets)
    for words in (("env",), ("process",)):
        done = alices_home.run(*words)
        assert done.stderr == ""
        assert sum(secret in done.stdout for secret in secrets) == 2
    assert holders(alices_home, secrets) == {"credentials"}


@pytest.mark.parametrize("words", [("--store", "keyring"), ()], ids=["flag", "setting"])
def test_a_missing_keyring_does_not_lead_to_plain_text(
    aws: Sandbox, alices_home: Home, alice: SandboxUser, words: tuple[str, ...]
) -> None:
    """99designs/aws-vault#304, #683: reported before a code is spent, and the file is as it was."""
    if not words:
        alices_home.write_settings('store = "keyring"\n')
    before = alices_home.credentials.read_bytes()
    done = alices_home.run("login", *words, "--code", alice.devices[0].code())
    assert done.returncode == 7
    assert done.stderr.startswith("mfasession: there is no keyring here\n  hint: ")
    assert alices_home.credentials.read_bytes() == before
    assert [call.action for call in aws.calls() if call.access_key_id == alice.key.access_key_id] == []
    log_in(alices_home, alice.devices[0], "--store", "file")
    assert holders(alices_home, secrets_in(alices_home)) == {"credentials"}
