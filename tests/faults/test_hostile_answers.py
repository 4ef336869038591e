"""Whoever answers in the place of AWS gets one line, the right exit code, little memory and time, and no say."""

import resource
import tomllib

import pytest

from tests.helpers.checks import complaint, section
from tests.helpers.faults.hostile_aws import ALICE, GIB, Body, answering, bomb, caller, coming, devices, refusal, token
from tests.helpers.support import Home, key_pair

SERIAL = "arn:aws:iam::123456789012:mfa/phone"
CODE_LOST = "this code may be used up: wait for the next one on the device, then run it again"
NOT_AWS = complaint("something other than AWS answered GetSessionToken", CODE_LOST)
NEVER_AWS = complaint(
    "something other than AWS answered GetCallerIdentity",
    "look for a sign-in portal or a proxy (HTTPS_PROXY, endpoint_url), then run it again",
)
DEEP = b"<a>" * 200_000 + b"</a>" * 200_000


def login(home: Home, serial: str = SERIAL, **answers: Body) -> tuple[int, str]:
    """Log in with a server that gives these answers; the exit code and stderr."""
    home.write_credentials(key_pair())
    home.config.write_text(f"[default]\nmfa_serial = {serial}\n" if serial else "")
    with answering(**answers) as url:
        done = home.run("login", "--code", "123456", environ={"AWS_ENDPOINT_URL": url})
    assert done.stdout == ""
    return done.returncode, done.stderr


def sent(home: Home) -> bool:
    """Whether a code counts as sent."""
    state = home.folder / ".local" / "state" / "mfasession" / "state.toml"
    return state.exists() and bool(tomllib.loads(state.read_text()).get("codes"))


def test_a_good_answer(home: Home) -> None:
    """The server by itself can be taken for AWS: what follows is due to what it says."""
    code, _ = login(home, GetSessionToken=token())
    assert code == 0
    assert section(home.credentials, "default-mfa")["aws_session_token"] == "token"


@pytest.mark.parametrize(
    "answer",
    [
        token(expires=b""),
        token(expires=b"soon"),
        token(expires=b"99999999999999999999"),
        token(expires=b"0001-01-01T00:00:00Z"),
        token(key_id=b""),
        token(key_id="ASIA\u202eX".encode()),
        token(key_id=b"<a><b/></a>"),
        token(expires=coming(-1)),
        token(expires=coming(-3600)),
        token(expires=coming(14 * 3600)),
        token(key_id=b"AKIAIOSFODNN7EXAMPLE"),
        token(key_id=b"ASIA"),
        token(key_id=b"asiaiosfodnn7example"),
        token(token=b"t" * 200_000),
        token(token=b""),
        token(token=b"two words"),
        token(token=b"a\n[default]\naws_access_key_id = AKIAEVIL"),
        token(more=b"<AccessKeyId>ASIATWICE</AccessKeyId>"),
        Body(b'{"Credentials": {}}'),
        Body(b""),
        Body(b"\0\xff" * 1000),
        Body(DEEP),
        Body(bomb()),
        Body(DEEP, 400),
        Body(bomb(), 400),
        Body(b"<ErrorResponse><Error/></ErrorResponse>", 403),
        Body(b"<ErrorResponse><Error><Code>a</Code><Code>b</Code></Error></ErrorResponse>", 403),
        refusal(b"AccessDenied", b"long " * 400_000),
        Body(b"", 302),
        Body(b"x", 600),
        Body(b"x" * 1_000_000, repeats=2000),
    ],
    ids=lambda answer: f"{answer.status} {answer.content[-60:]!r}",
)
def test_an_answer_that_is_not_awss(home: Home, answer: Body) -> None:
    """Bombs, wrong types, missing fields, line breaks, gigabytes: reported in one line; the code counts as sent."""
    code, said = login(home, GetSessionToken=answer)
    assert (code, said) == (5, NOT_AWS)
    assert home.credentials.read_text() == key_pair()
    assert sent(home)
    assert resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * 1024 < GIB


def test_an_answer_without_end(home: Home) -> None:
    """A byte a second is an answer for ever: after a third of a minute the wait ends."""
    code, said = login(home, GetSessionToken=Body(b"x", repeats=3600, pause=1.0))
    assert (code, said) == (5, complaint("127.0.0.1 did not answer GetSessionToken", CODE_LOST))
    assert sent(home)


@pytest.mark.parametrize(
    "answer",
    [
        caller(b""),
        caller(ALICE + b"&#10;[default]"),
        caller(b"alice"),
        caller(b"arn:aws:iam::210987654321:user/alice"),
        caller(b"arn:aws:s3:::bucket"),
        caller(b"arn:aws:iam::123456789012:"),
        caller(ALICE + "\u202e\x9b31m".encode()),
        Body(bomb()),
        Body(DEEP, 400),
    ],
    ids=lambda answer: f"{answer.status} {answer.content[:80]!r}",
)
def test_a_caller_that_aws_would_not_name(home: Home, answer: Body) -> None:
    """Asked before the code is sent, which so stays good."""
    code, said = login(home, GetCallerIdentity=answer, GetSessionToken=token())
    assert (code, said) == (5, NEVER_AWS)
    assert home.credentials.read_text() == key_pair()
    assert not sent(home)


@pytest.mark.parametrize(
    "member",
    [
        b"<SerialNumber>arn:aws:iam::123456789012:mfa/a&#10;b</SerialNumber>",
        "<SerialNumber>arn:aws:iam::123456789012:mfa/\u202eb</SerialNumber>".encode(),
        b"<SerialNumber>arn:aws:iam::123456789012:mfa/a</SerialNumber><UserName>al&#13;ice</UserName>",
        b"<UserName>alice</UserName>",
        b"<SerialNumber>arn:aws:iam::210987654321:mfa/phone</SerialNumber>",
        b"<SerialNumber>wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY</SerialNumber>",
        b"<SerialNumber>a</SerialNumber>",
    ],
)
def test_a_device_that_aws_would_not_name(home: Home, member: bytes) -> None:
    """It would be shown, remembered and kept."""
    code, said = login(home, "", ListMFADevices=devices(member), GetSessionToken=token())
    assert code == 5
    assert said.startswith("mfasession: something other than AWS answered ListMFADevices\n  hint: ")
    assert not sent(home)


def test_words_of_an_error(home: Home) -> None:
    """What AWS says is shown, and moves no cursor, sets no title and turns no text round."""
    text = "\u202e x \x9b0;title\x9c y\n\u200bz"
    code, said = login(home, GetSessionToken=refusal("Acc\x9bess".encode(), text.encode()))
    assert code == 4
    assert said == complaint(
        "AWS refused GetSessionToken: Acc?ess: ? x ?0;title? y ?z",
        "look it up under Common Errors in the STS API Reference",
    )


def test_a_long_error_is_cut(home: Home) -> None:
    """A terminal is not flooded."""
    code, said = login(home, GetSessionToken=refusal(b"AccessDenied", b"long " * 100_000))
    assert code == 4
    assert len(said) < 25_000
    assert "…\n  hint: " in said
