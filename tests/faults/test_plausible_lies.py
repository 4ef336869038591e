"""What AWS would not answer, however well it is formed: roles, keys, devices and sign-ins made elsewhere."""

import json

import pytest

from tests.helpers.faults.hostile_aws import ALICE, Body, answering, caller, coming, devices, made
from tests.helpers.support import KEY_ID, SECRET, SESSION_ID, Home, key_pair, session_section

ROLE = "arn:aws:iam::210987654321:role/team/deploy"
IN_ROLE = b"arn:aws:sts::210987654321:assumed-role/deploy/alice"
MINE = f"mfasession_mfa_serial = arn:aws:iam::123456789012:mfa/phone\nmfasession_identity = {ALICE.decode()}\n"


def role(arn: bytes = IN_ROLE, key_id: bytes = b"ASIAIOSFODNN7EXAMPLE", seconds: int = 3600, size: int = 9) -> Body:
    """An answer to AssumeRole."""
    body = made(
        b"AssumeRole",
        b"<AssumedRoleUser><AssumedRoleId>AROA:x</AssumedRoleId><Arn>" + arn + b"</Arn></AssumedRoleUser><Credentials>"
        b"<AccessKeyId>" + key_id + b"</AccessKeyId><SecretAccessKey>secret</SecretAccessKey><SessionToken>"
        b"" + b"t" * size + b"</SessionToken><Expiration>" + coming(seconds) + b"</Expiration></Credentials>",
    )
    return Body(body.content.replace(b"iam.amazonaws.com/doc/2010-05-08", b"sts.amazonaws.com/doc/2011-06-15"))


def at_home(home: Home) -> None:
    """A key pair, a live session of it, and a role."""
    home.write_credentials(key_pair() + session_section(extra=MINE))
    home.config.write_text(
        f"[profile deploy]\nrole_arn = {ROLE}\nsource_profile = default\nrole_session_name = alice\n"
        "[default]\nmfa_serial = arn:aws:iam::123456789012:mfa/phone\n"
    )


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        (role(), 0),
        (role(b"arn:aws:sts::123456789012:assumed-role/deploy/alice"), 5),
        (role(b"arn:aws:sts::210987654321:assumed-role/admin/alice"), 5),
        (role(b"arn:aws:sts::210987654321:assumed-role/deploy/bob"), 5),
        (role(b"arn:aws-cn:sts::210987654321:assumed-role/deploy/alice"), 5),
        (role(b"arn:aws:iam::210987654321:user/alice"), 5),
        (role(key_id=KEY_ID.encode()), 5),
        (role(seconds=-60), 5),
        (role(seconds=12 * 3600), 5),
        (role(size=200_000), 5),
    ],
    ids=lambda value: value if isinstance(value, int) else repr(value.content[150:290]),
)
def test_a_role_that_was_not_asked_for(home: Home, answer: Body, code: int) -> None:
    """Another account, role, name or partition, a dead session, or one that no role has: nothing is kept."""
    at_home(home)
    before = home.credentials.read_text()
    with answering(AssumeRole=answer) as url:
        done = home.run("login", "-p", "deploy", environ={"AWS_ENDPOINT_URL": url})
    assert done.returncode == code, done.stderr
    if code:
        assert done.stderr.startswith("mfasession: something other than AWS answered AssumeRole\n  hint: ")
        assert home.credentials.read_text() == before


@pytest.mark.parametrize("words", [("env",), ("process",), ("exec", "--", "touch", "ran")], ids=" ".join)
def test_a_dead_session_starts_nothing(home: Home, words: tuple[str, ...]) -> None:
    """A session that has ended is not taken: exit 5, no credentials, and CMD does not run."""
    at_home(home)
    with answering(AssumeRole=role(seconds=-60)) as url:
        done = home.run(*words[:1], "-p", "deploy", *words[1:], environ={"AWS_ENDPOINT_URL": url})
    assert done.returncode == 5, done.stderr
    assert SESSION_ID not in done.stdout
    assert not (home.folder / "ran").exists()


def key(key_id: str = "AKIAI44QH8DHBEXAMPLE", secret: str = SECRET, user: str = "alice") -> Body:
    """An answer to CreateAccessKey."""
    fields = {"UserName": user, "AccessKeyId": key_id, "Status": "Active", "SecretAccessKey": secret}
    content = "".join(f"<{name}>{value}</{name}>" for name, value in fields.items())
    return made(b"CreateAccessKey", f"<AccessKey>{content}</AccessKey>".encode())


@pytest.mark.parametrize(
    "answer",
    [key(SESSION_ID), key(SECRET, KEY_ID), key("AKIA"), key(secret="a b"), key(secret="s" * 9000), key(user="bob")],
    ids=lambda answer: repr(answer.content[120:260]),
)
def test_a_key_that_aws_would_not_make(home: Home, answer: Body) -> None:
    """The old one stays in place, and nothing of the answer is kept or shown."""
    at_home(home)
    before = home.credentials.read_text()
    listed = made(
        b"ListAccessKeys",
        f"<AccessKeyMetadata><member><UserName>alice</UserName><AccessKeyId>{KEY_ID}</AccessKeyId><Status>Active"
        "</Status><CreateDate>2026-01-01T00:00:00Z</CreateDate></member></AccessKeyMetadata>"
        "<IsTruncated>false</IsTruncated>".encode(),
    )
    with answering(ListAccessKeys=listed, CreateAccessKey=answer) as url:
        done = home.run("keys", "rotate", environ={"AWS_ENDPOINT_URL": url})
    assert done.returncode == 5, done.stderr
    assert done.stderr.startswith("mfasession: something other than AWS answered CreateAccessKey")
    assert SECRET not in done.stderr
    assert home.credentials.read_text() == before


def new_device(serial: str = "arn:aws:iam::123456789012:mfa/new", seed: str = "QUFBQUFBQUFBQUFB") -> Body:
    """An answer to CreateVirtualMFADevice; botocore reads the seed from base64."""
    content = f"<SerialNumber>{serial}</SerialNumber><Base32StringSeed>{seed}</Base32StringSeed>"
    return made(b"CreateVirtualMFADevice", f"<VirtualMFADevice>{content}</VirtualMFADevice>".encode())


@pytest.mark.parametrize(
    "answer",
    [
        new_device("arn:aws:iam::210987654321:mfa/new"),
        new_device("arn:aws:iam::123456789012:mfa/other"),
        new_device("GAHT12345678"),
        new_device(seed="QUFB" * 2000),
        new_device(seed=""),
    ],
    ids=lambda answer: repr(answer.content[150:290]),
)
def test_a_device_that_aws_would_not_make(home: Home, answer: Body) -> None:
    """Another account's, another name's, or a seed that no app takes."""
    home.write_credentials(key_pair())
    with answering(GetCallerIdentity=caller(), ListMFADevices=devices(), CreateVirtualMFADevice=answer) as url:
        words = ("mfa", "enroll", "--name", "new", "--png", "new.png", "--codes", "-")
        done = home.run(*words, stdin="123456\n654321\n", environ={"AWS_ENDPOINT_URL": url})
    assert done.returncode == 5, done.stderr
    assert "something other than AWS answered CreateVirtualMFADevice" in done.stderr


@pytest.mark.parametrize("token", ["t" * 200_000, "a b", "", 1, None])
def test_a_sign_in_that_aws_would_not_give(home: Home, token: object) -> None:
    """No address is made of it."""
    section = session_section("deploy-mfa", extra=f"mfasession_role_arn = {ROLE}\nmfasession_role_options = alice\n")
    home.write_credentials(key_pair() + section)
    at_home(home)
    answers = {"getSigninToken": Body(json.dumps({"SigninToken": token}).encode()), "AssumeRole": role()}
    with answering(**answers) as url:
        done = home.run("console", "-p", "deploy", "--print", environ={"AWS_ENDPOINT_URL": url})
    assert (done.returncode, done.stdout) == (5, ""), done.stderr
    assert "something other than AWS answered getSigninToken" in done.stderr
