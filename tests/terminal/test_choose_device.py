"""Several devices: the choice at the first login, and what becomes of it."""

import pytest

from mfasession.sandbox import Sandbox, SandboxDevice, SandboxUser
from tests.helpers.seat import APART, CLOCK, question, seat
from tests.helpers.support import MFASESSION, Home

ON_BOTH_TERMINALS = pytest.mark.parametrize("term", ["xterm-256color", "dumb"])


@pytest.fixture
def token(alice: SandboxUser) -> SandboxDevice:
    """A second device of Alice's, and a security key that cannot answer."""
    alice.add_fido_device("key")
    return alice.add_device(f"token-{alice.name}")


@ON_BOTH_TERMINALS
def test_the_choice_is_numbered_and_remembered(
    alices_home: Home, aws: Sandbox, alice: SandboxUser, token: SandboxDevice, term: str
) -> None:
    """99designs/aws-vault#1100: devices that give codes are offered, FIDO keys are not, and the question comes once."""
    phone = alice.devices[0]
    with seat(alices_home, *APART, MFASESSION, "login", environ={"TERM": term}) as sitting:
        sitting.see(
            rf"which MFA device gives the codes\?\r\n  1\) {phone.serial}\r\n  2\) {token.serial}\r\nnumber \(1-2\): "
        )
        sitting.line("3")
        sitting.see(r"type a number from 1 to 2\r\nnumber \(1-2\): ")
        sitting.line("2")
        sitting.see(rf"\(device {token.name}\)")
        sitting.see(CLOCK)
        sitting.line(token.code())
        assert sitting.end() == 0
    asked = [call for call in aws.calls("GetSessionToken") if call.user == alice.arn]
    assert asked[-1].params["SerialNumber"] == token.serial
    with seat(alices_home, MFASESSION, "login", "--force", environ={"TERM": term}) as sitting:
        sitting.see(rf"MFA code for {alice.name} in 123456789012 \(device {token.name}\)")
        sitting.see(CLOCK)
        sitting.line(token.next_code())
        assert sitting.end() == 0


@ON_BOTH_TERMINALS
@pytest.mark.parametrize(("key", "word"), [("\x03", "interrupted"), ("\x04", "cancelled")])
@pytest.mark.usefixtures("token")
def test_without_a_choice_there_is_no_login(alices_home: Home, aws: Sandbox, term: str, key: str, word: str) -> None:
    """ctrl-C and ctrl-D are 130, no code is asked for, and nothing is remembered."""
    before = alices_home.credentials.read_bytes()
    aws.forget_calls()
    with seat(alices_home, *APART, MFASESSION, "login", environ={"TERM": term}) as sitting:
        sitting.see(r"number \(1-2\): ")
        sitting.type(key)
        sitting.end()
    assert (alices_home.folder / "code").read_text() == "130\n"
    assert (alices_home.folder / "err").read_text() == f"mfasession: {word}\n"
    assert alices_home.credentials.read_bytes() == before
    assert aws.calls("GetSessionToken") == []
    with seat(alices_home, MFASESSION, "login") as sitting:
        sitting.see(r"number \(1-2\): ")


def test_a_named_device_needs_no_choice(alices_home: Home, alice: SandboxUser, token: SandboxDevice) -> None:
    """`--serial`, or `mfa_serial` in the profile."""
    with seat(alices_home, MFASESSION, "login", "--serial", token.serial) as sitting:
        sitting.see(rf"\(device {token.name}\)")
        sitting.see(CLOCK)
        sitting.line(token.code())
        assert sitting.end() == 0
    alices_home.config.write_text(f"[default]\nmfa_serial = {alice.devices[0].serial}\n")
    with seat(alices_home, MFASESSION, "login") as sitting:
        sitting.see(question(alice))
        sitting.line(alice.devices[0].code())
        assert sitting.end() == 0
