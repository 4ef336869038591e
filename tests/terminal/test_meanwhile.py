"""What goes on while the user looks at the terminal: the connection behind the question, the clock of `status`."""

import re

import pytest

from mfasession.sandbox import Sandbox, SandboxUser
from tests.helpers.patience import wait_for
from tests.helpers.seat import APART, CLOCK, aging, seat
from tests.helpers.support import MFASESSION, Home

pytestmark = pytest.mark.usefixtures("device_known")


@pytest.mark.parametrize("term", ["xterm-256color", "dumb"])
def test_all_but_the_code_is_sent_while_the_user_types(
    alices_home: Home, aws: Sandbox, alice: SandboxUser, term: str
) -> None:
    """AWS is asked whose key it is behind the question; Enter costs one request, with no wait for an import."""
    alices_home.config.write_text(f"[default]\nmfa_serial = {alice.devices[0].serial}\n")
    aws.forget_calls()
    with seat(alices_home, MFASESSION, "login", environ={"TERM": term}) as sitting:
        sitting.see(CLOCK)
        wait_for(aws.calls)
        assert [call.action for call in aws.calls()] == ["GetCallerIdentity"]
        sitting.line(alice.devices[0].code())
        assert sitting.end() == 0
    assert [call.action for call in aws.calls()] == ["GetCallerIdentity", "GetSessionToken"]


def test_the_question_comes_before_the_connection(alices_home: Home, alice: SandboxUser) -> None:
    """What a call to AWS needs is imported while the user reads the device, by Python's own account; never boto3."""
    alices_home.config.write_text(f"[default]\nmfa_serial = {alice.devices[0].serial}\n")
    environ = {"PYTHONPROFILEIMPORTTIME": "1"}
    with seat(alices_home, *APART, MFASESSION, "login", environ=environ) as sitting:
        sitting.see(CLOCK)
        sitting.line(alice.devices[0].code())
        assert sitting.end() == 0
    imported = re.findall(r"\| +([\w.]+)$", (alices_home.folder / "err").read_text(), re.MULTILINE)
    assert imported.index("mfasession.codes.question.live_prompt") < imported.index("mfasession.aws.sts")
    assert imported.index("mfasession.codes.question.live_prompt") < imported.index("http.client")
    assert "boto3" not in imported


def test_status_counts_down_until_ctrl_c(alices_home: Home, aws: Sandbox, alice: SandboxUser) -> None:
    """Drawn anew each second, with what other terminals did meanwhile, and 130 as of any program that ctrl-C ended."""
    alices_home.write_credentials(aging(alice))
    aws.forget_calls()
    with seat(alices_home, MFASESSION, "status", "--watch", environ={"NO_COLOR": "1"}) as sitting:
        sitting.see(r"default +\S+ +file +\d\d:\d\d( tomorrow)? \((10|9) min left\) +\[#+\.*\]\r\nctrl-C ends this")
        sitting.see(r"default .*\r\nctrl-C ends this")
        assert alices_home.run("login", "--code", alice.devices[0].code()).returncode == 0
        sitting.see(rf"default +{alice.name} in 123456789012 +file +\S+( tomorrow)? \((12 h|11 h 59 min) left\)")
        sitting.type("\x03")
        assert sitting.end() == 130
    assert re.search(r"ctrl-C ends this\r\n(\^C)?\r\n$", sitting.shown), "it was asked to end, and says no more"


def test_status_does_not_draw_on_a_dumb_terminal(alices_home: Home, alice: SandboxUser) -> None:
    """It cannot go back to the top of the table: it says so instead of writing escape sequences."""
    alices_home.write_credentials(aging(alice))
    with seat(alices_home, MFASESSION, "status", "--watch", environ={"TERM": "dumb"}) as sitting:
        assert sitting.end() == 2
    assert "\x1b" not in sitting.seen
    assert sitting.seen.startswith("mfasession: --watch needs a terminal")
