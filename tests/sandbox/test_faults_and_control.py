"""Faults on demand, and the path for who knows its token."""

import json
import urllib.error
import urllib.request
from typing import Any

import pytest
from botocore.exceptions import BotoCoreError, ConnectionClosedError
from botocore.parsers import ResponseParserError

from mfasession.errors import ConfigurationError
from mfasession.sandbox import Sandbox, SandboxUser
from tests.helpers.sandbox_clients import client, in_mid_step, refusal


def control(aws: Sandbox, path: str, method: str = "GET", base: str = "") -> Any:
    """What the control path answers: JSON, or a text."""
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(urllib.request.Request((base or aws.control_url) + path, method=method)) as answer:
        text = answer.read().decode()
    return json.loads(text) if answer.headers["Content-Type"] == "application/json" else text


def test_faults_apply_to_their_own_operation_in_turn(aws: Sandbox, alice: SandboxUser) -> None:
    """Twice throttled, once broken, then well; another operation does not notice."""
    sts = client(aws, "sts", alice.key)
    aws.faults.add("GetSessionToken", kind="throttle", times=2)
    aws.faults.add("GetSessionToken", kind="error500")
    assert sts.get_caller_identity()
    said = [refusal(sts.get_session_token)[:2] for _ in range(3)]
    assert said == [("Throttling", 400), ("Throttling", 400), ("InternalFailure", 500)]
    assert sts.get_session_token()
    assert aws.faults.pending() == []
    with pytest.raises(ValueError, match="no fault 'flood'"):
        aws.faults.add("GetSessionToken", kind="flood")


def test_a_throttled_code_is_not_used_up(aws: Sandbox, alice: SandboxUser) -> None:
    """AWS has not looked at it."""
    sts, device = client(aws, "sts", alice.key), alice.devices[0]
    parameters = {"SerialNumber": device.serial, "TokenCode": device.code()}
    aws.faults.add("GetSessionToken", kind="throttle")
    assert refusal(sts.get_session_token, **parameters)[0] == "Throttling"
    assert sts.get_session_token(**parameters)


@pytest.mark.parametrize(("kind", "used"), [("hang_up", False), ("lose_answer", True)])
def test_a_connection_that_closes(aws: Sandbox, alice: SandboxUser, kind: str, *, used: bool) -> None:
    """Before the server looked, or after everything was done: the client cannot know, the code can."""
    sts, device = client(aws, "sts", alice.key), alice.devices[0]
    parameters = {"SerialNumber": device.serial, "TokenCode": device.code()}
    aws.faults.add("GetSessionToken", kind=kind)
    with pytest.raises(ConnectionClosedError):
        sts.get_session_token(**parameters)
    assert aws.calls("GetSessionToken")[-1].outcome == "hang_up"
    if used:
        assert "invalid MFA" in refusal(sts.get_session_token, **parameters)[2]
    else:
        assert sts.get_session_token(**parameters)


def test_half_an_answer(aws: Sandbox, alice: SandboxUser) -> None:
    """Done, and answered by half: the code is used up."""
    sts, device = client(aws, "sts", alice.key), alice.devices[0]
    parameters = {"SerialNumber": device.serial, "TokenCode": device.code()}
    aws.faults.add("GetSessionToken", kind="cut_answer")
    with pytest.raises((BotoCoreError, ResponseParserError)):
        sts.get_session_token(**parameters)
    assert "invalid MFA" in refusal(sts.get_session_token, **parameters)[2]


def test_a_delay(aws: Sandbox, alice: SandboxUser) -> None:
    """A slow answer is an answer."""
    aws.faults.add("GetCallerIdentity", kind="delay", seconds=0.05)
    assert client(aws, "sts", alice.key).get_caller_identity()["Arn"] == alice.arn
    assert aws.faults.pending() == []


def test_codes_by_the_control_path(aws: Sandbox, alice: SandboxUser) -> None:
    """By name or by serial number, now or some steps later."""
    in_mid_step(aws)
    device = alice.devices[0]
    assert control(aws, f"/code?device={device.name}") == device.code() + "\n"
    assert control(aws, f"/code?device={device.serial}&steps=1") == device.next_code() + "\n"
    fido = alice.add_fido_device(f"key-{alice.name}")
    with pytest.raises(urllib.error.HTTPError, match="404"):
        control(aws, f"/code?device={fido.serial}")


def test_the_clock_by_the_control_path(aws: Sandbox) -> None:
    """It moves there and back."""
    assert control(aws, "/clock?move=3600", "POST")["offset"] == 3600
    assert control(aws, "/clock")["offset"] == aws.clock.offset == 3600
    assert control(aws, "/clock?move=-3600&clients_follow=1", "POST")["offset"] == 0
    assert aws.clock.clients_follow
    with pytest.raises(urllib.error.HTTPError, match="400"):
        control(aws, "/clock?move=soon", "POST")


def test_faults_by_the_control_path(aws: Sandbox, alice: SandboxUser) -> None:
    """Added, listed, applied, cleared."""
    added = control(aws, "/faults?action=GetCallerIdentity&kind=throttle&times=2", "POST")
    assert added == [{"action": "GetCallerIdentity", "kind": "throttle", "seconds": 0.0}] * 2
    assert refusal(client(aws, "sts", alice.key).get_caller_identity)[0] == "Throttling"
    assert len(control(aws, "/faults")) == 1
    assert control(aws, "/faults", "DELETE") == []
    with pytest.raises(urllib.error.HTTPError, match="400"):
        control(aws, "/faults?action=x&kind=flood", "POST")


def test_calls_by_the_control_path(aws: Sandbox, alice: SandboxUser) -> None:
    """Counted and listed, without codes; the control path itself is not among them."""
    aws.forget_calls()
    sts, device = client(aws, "sts", alice.key), alice.devices[0]
    code = device.code()
    sts.get_caller_identity()
    sts.get_session_token(SerialNumber=device.serial, TokenCode=code)
    answer = control(aws, "/calls")
    assert answer["counts"] == {"GetCallerIdentity": 1, "GetSessionToken": 1}
    only = control(aws, "/calls?action=GetSessionToken")["calls"]
    assert [(call["action"], call["user"], call["outcome"]) for call in only] == [("GetSessionToken", alice.arn, "ok")]
    assert code not in json.dumps(answer)
    assert control(aws, "/calls", "DELETE") == []
    assert control(aws, "/calls")["calls"] == []


def test_the_token_is_needed(aws: Sandbox) -> None:
    """Without it the control path does nothing."""
    for base in (f"{aws.url}/_sandbox", f"{aws.url}/_sandbox/x", aws.control_url[:-1]):
        with pytest.raises(urllib.error.HTTPError, match="403"):
            control(aws, "/clock?move=3600", "POST", base=base)
    assert aws.clock.offset == 0
    with pytest.raises(urllib.error.HTTPError, match="404"):
        control(aws, "/keys")


def test_one_sandbox_at_a_time(aws: Sandbox) -> None:
    """The state of moto is the process's: a second sandbox would empty the first."""
    with pytest.raises(ConfigurationError, match="running in this process already"):
        Sandbox()
    assert aws.url.startswith("http://127.0.0.1:")
