"""A key pair that cannot be one is found before any question and any call, and no secret is shown as an ID.

Issues that this answers: aws/aws-sdk-go#289, nerdswords/yet-another-cloudwatch-exporter#169.
"""

import json

import pytest

from mfasession.sandbox import Sandbox, SandboxUser
from tests.helpers.support import KEY_ID, SECRET, Home, session_section

COMMANDS = [
    ("login", "--code", "123456"),
    ("login",),
    ("env",),
    ("exec", "--", "true"),
    ("process",),
    ("status", "-p", "default"),
    ("mfa", "list"),
    ("mfa", "enroll", "--codes", "-"),
    ("keys", "rotate", "--code", "123456"),
    ("keys", "protect"),
    ("keys", "remove", "--yes"),
    ("--debug", "login"),
]
SWAPPED = "are they swapped?"


def pair(key_id: str, secret: str, more: str = "") -> str:
    """A section with these two values."""
    return f"[default]\naws_access_key_id = {key_id}\naws_secret_access_key = {secret}\n{more}"


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_a_swapped_pair_is_refused_by_every_command(alices_home: Home, aws: Sandbox, words: tuple[str, ...]) -> None:
    """Exit 3, the question whether they are swapped, no call, and nothing of the secret anywhere."""
    alices_home.write_credentials(pair(SECRET, KEY_ID))
    before = alices_home.credentials.read_bytes()
    aws.forget_calls()
    done = alices_home.run(*words, stdin="123456\n654321\n")
    assert done.returncode == 3, done.stderr
    assert SWAPPED in done.stderr
    assert SECRET not in done.stdout + done.stderr
    assert aws.calls() == []
    assert alices_home.credentials.read_bytes() == before


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (pair(SECRET, KEY_ID), SWAPPED),
        (pair(SECRET, SECRET), SWAPPED),
        (pair(f'"{KEY_ID}"', f'"{SECRET}"'), "aws_access_key_id is in quotes"),
        (pair(KEY_ID, f"'{SECRET}'"), "aws_secret_access_key is in quotes"),
        (pair(f"{KEY_ID}  # mine", SECRET), "aws_access_key_id has a comment after it"),
        (pair(KEY_ID, f"{SECRET} ; mine"), "aws_secret_access_key has a comment after it"),
        (pair(f"{KEY_ID}\u200b", SECRET), "aws_access_key_id holds an invisible character (U+200B)"),
        (pair(KEY_ID, f"\ufeff{SECRET}"), "aws_secret_access_key holds an invisible character (U+FEFF)"),
        (pair(f"{KEY_ID[:9]} {KEY_ID[9:]}", SECRET), "aws_access_key_id has white space in it"),
        (pair(KEY_ID, f"{SECRET[:20]}\n  {SECRET[20:]}"), "aws_secret_access_key has white space in it"),
        (pair(KEY_ID.lower(), SECRET), "aws_access_key_id is not an access key ID"),
        (pair(KEY_ID, SECRET, "aws_session_token = FwoGZXIvYXdzEXAMPLE\n"), "aws_session_token beside its long-term"),
        (pair(KEY_ID, SECRET, "aws_security_token = FwoGZXIvYXdzEXAMPLE\n"), "aws_security_token beside its long-term"),
    ],
)
def test_faults_of_a_key_pair_are_named(alices_home: Home, aws: Sandbox, text: str, said: str) -> None:
    """What AWS would call an unknown key is a slip that can be seen here."""
    alices_home.write_credentials(text)
    aws.forget_calls()
    done = alices_home.run("login", "--code", "123456")
    assert done.returncode == 3, done.stderr
    assert said in done.stderr
    assert "\n  hint: " in done.stderr
    assert SECRET not in done.stderr
    assert aws.calls() == []
    listed = alices_home.run("keys", "list")
    assert (SECRET in listed.stdout + listed.stderr) is False


def test_the_list_shows_that_a_pair_is_wrong(alices_home: Home) -> None:
    """The profile is in the list, without anything that is not an ID, and with what is wrong with it."""
    alices_home.write_credentials(pair(SECRET, KEY_ID))
    done = alices_home.run("keys", "list")
    assert done.returncode == 0, done.stderr
    row = done.stdout.splitlines()[1].split()
    assert row[:4] == ["default", "-", "-", "file"]
    assert SWAPPED in done.stdout
    done = alices_home.run("keys", "list", "--json")
    (record,) = json.loads(done.stdout)
    assert (record["profile"], record["access_key_id"]) == ("default", None)
    assert SWAPPED in record["problem"]
    assert SECRET not in done.stdout + done.stderr


@pytest.mark.parametrize(
    "line",
    [
        f"mfasession_retiring_key_id = {SECRET}",
        f"mfasession_next_key_id = {SECRET}\nmfasession_next_secret_key = {KEY_ID}",
    ],
)
def test_lines_left_by_a_rotation_are_checked_too(alices_home: Home, alice: SandboxUser, line: str) -> None:
    """Lines of ours that were edited are shown nowhere."""
    key = alice.key
    alices_home.write_credentials(pair(key.access_key_id, key.secret_access_key.reveal(), f"{line}\n"))
    for words in (("keys", "list"), ("keys", "list", "--json"), ("keys", "remove", "--no-input")):
        done = alices_home.run(*words)
        assert SECRET not in done.stdout + done.stderr


@pytest.mark.parametrize(
    "change",
    [
        ("aws_access_key_id = ASIAIOSFODNN7EXAMPLE", f"aws_access_key_id = {SECRET}"),
        (f"mfasession_key_id = {KEY_ID}", f"mfasession_key_id = {SECRET}"),
        ("mfasession_key_id", f"mfasession_mfa_serial = {SECRET}\nmfasession_key_id"),
        ("mfasession_key_id", f"mfasession_identity = {SECRET}\nmfasession_key_id"),
        ("mfasession_key_id", f"mfasession_role_arn = {SECRET}\nmfasession_key_id"),
    ],
)
def test_a_session_with_a_secret_in_the_place_of_a_name_is_void(alices_home: Home, change: tuple[str, str]) -> None:
    """A section of ours that was edited is an incomplete session."""
    section = session_section().replace(
        f"aws_secret_access_key = {SECRET}", "aws_secret_access_key = other/" + 34 * "x"
    )
    alices_home.write_credentials(alices_home.credentials.read_text() + section.replace(*change, 1))
    for words in (("status",), ("status", "--json"), ("env",), ("process",), ("keys", "list")):
        done = alices_home.run(*words)
        assert SECRET not in done.stdout + done.stderr


@pytest.mark.parametrize("serial", [SECRET, f"arn:aws:iam::123456789012:{SECRET}"])
@pytest.mark.parametrize("where", ["profile", "role", "option"])
def test_a_secret_in_the_place_of_a_serial_number(alices_home: Home, where: str, serial: str) -> None:
    """It is refused and not quoted."""
    role = "[profile role]\nrole_arn = arn:aws:iam::123456789012:role/r\nsource_profile = default\n"
    if where == "profile":
        alices_home.config.write_text(f"[default]\nmfa_serial = {serial}\n")
    elif where == "role":
        alices_home.config.write_text(f"{role}mfa_serial = {serial}\n")
    words = {"profile": (), "role": ("-p", "role"), "option": ("--serial", serial)}[where]
    done = alices_home.run("login", "--code", "123456", *words)
    assert done.returncode == 3, done.stderr
    assert "is not the serial number of an MFA device" in done.stderr or "is not the ARN of an MFA" in done.stderr
    assert SECRET not in done.stdout + done.stderr


def test_a_secret_in_the_place_of_a_session_name(alices_home: Home, alice: SandboxUser) -> None:
    """AWS would write it into every log that names the session."""
    secret = SECRET.replace("/", "a")
    alices_home.config.write_text(
        "[profile role]\nrole_arn = arn:aws:iam::123456789012:role/r\nsource_profile = default\n"
        f"role_session_name = {secret}\n"
    )
    done = alices_home.run("login", "-p", "role", "--code", alice.devices[0].code())
    assert (done.returncode, "role_session_name looks like a secret" in done.stderr) == (3, True), done.stderr
    assert secret not in done.stderr
