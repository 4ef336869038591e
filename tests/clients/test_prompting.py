"""Clients at a terminal without a session: `mfasession process` asks there, though botocore captures its streams."""

import pytest

from mfasession.sandbox import Sandbox, SandboxUser
from tests.helpers.programs import BY_PROCESS, CLIENTS
from tests.helpers.seat import question, seat
from tests.helpers.support import Home


@pytest.mark.parametrize("client", CLIENTS)
def test_the_question_is_seen(alices_home: Home, aws: Sandbox, alice: SandboxUser, client: str) -> None:
    """boto/botocore#1348, 99designs/aws-vault#1015, fwdcloudsec/granted#405: visible, answered, and served."""
    with seat(alices_home, *CLIENTS[client](aws), environ=BY_PROCESS) as terminal:
        terminal.see(question(alice))
        terminal.type(alice.devices[0].code() + "\r")
        assert terminal.end() == 0
    assert aws.calls("ListBuckets")[-1].outcome == "ok"


@pytest.mark.parametrize("client", CLIENTS)
def test_the_user_cancels(alices_home: Home, aws: Sandbox, alice: SandboxUser, client: str) -> None:
    """ctrl-D at the question: the client ends with our word for it; a second question would wait for ever."""
    with seat(alices_home, *CLIENTS[client](aws), environ=BY_PROCESS) as terminal:
        terminal.see(question(alice))
        terminal.type("\x04")
        assert terminal.end() != 0
    assert "mfasession: cancelled" in terminal.shown
    assert "Traceback" not in terminal.shown


def test_many_clients_ask_one_question(alices_home: Home, aws: Sandbox, alice: SandboxUser) -> None:
    """ByteNess/aws-vault#337, 99designs/aws-vault#1275: four start at once, one code serves them all."""
    four = 'for each in 1 2 3 4; do "$@" & jobs="$jobs $!"; done; for job in $jobs; do wait $job || exit; done'
    with seat(alices_home, "bash", "-c", four, "bash", *CLIENTS["boto3"](aws), environ=BY_PROCESS) as terminal:
        terminal.see(question(alice))
        terminal.type(alice.devices[0].code() + "\r")
        assert terminal.end() == 0, terminal.shown
    asked = [call for call in aws.calls("GetSessionToken") if call.user == alice.arn]
    assert [call.outcome for call in asked] == ["ok"]
    served = [call for call in aws.calls("ListBuckets") if call.user == alice.arn]
    assert len({call.access_key_id for call in served}) == 1
    assert len(served) == 4
