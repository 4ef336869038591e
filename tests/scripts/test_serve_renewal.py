"""`mfasession serve` while sessions end: renewed without a code where that is possible, reported where it is not."""

import os
import re
import time

import pytest

from mfasession.sandbox import Sandbox, SandboxUser
from tests.helpers.checks import have_session, keys_of, section
from tests.helpers.patience import promised, wait_for
from tests.helpers.serving import serve
from tests.helpers.support import SESSION_ID, Home, in_seconds, key_pair, need, session_section

AGING = 14 * 60


def test_there_is_no_terminal_to_ask_on(home: Home) -> None:
    """Reported once on stderr while it ends, with the command; served to the last second; then said in the answer."""
    home.write_credentials(key_pair() + session_section(expires=in_seconds(6)))
    with serve(home) as served:
        wait_for(lambda: "ends at" in served.said)
        assert served.ask().status == 200
        refused = wait_for(lambda: (answer := served.ask()).status != 200 and answer)
        assert refused.json["message"] == (
            "the session of profile default has expired: run mfasession login -p default"
        )
        wait_for(lambda: "has expired" in served.said)
        assert served.said.count("hint: mfasession login -p default") == 2
        assert served.said.count("and there is no terminal to ask for a code") == 1


@pytest.fixture
def old_role(alices_home: Home, aws: Sandbox, alice: SandboxUser) -> str:
    """A profile `admin` whose role's session is old, and whose source has a session of hours; the role's token."""
    role = aws.add_role(f"served-{alice.name}", [alice.arn])
    alices_home.config.write_text(f"[profile admin]\nrole_arn = {role.arn}\nsource_profile = default\n")
    have_session(alices_home, alice.devices[0], "-p", "admin")
    age(alices_home, "admin-mfa", AGING)
    return section(alices_home.credentials, "admin-mfa")["aws_session_token"]


def age(home: Home, name: str, left: float) -> None:
    """Let a kept session be hours old and have so many seconds left."""
    before, mark, own = home.credentials.read_text().partition(f"[{name}]\n")
    own = re.sub(r"x_security_token_expires = \S+", f"x_security_token_expires = {in_seconds(left)}", own, count=1)
    own = re.sub(r"mfasession_issued = \S+", f"mfasession_issued = {in_seconds(left - 12 * 3600)}", own, count=1)
    home.write_credentials(before + mark + own)


def test_a_role_is_renewed_by_itself(alices_home: Home, aws: Sandbox, old_role: str) -> None:
    """99designs/aws-vault#263: an hour is AWS's limit; while the session behind it lives no question is asked."""
    with serve(alices_home, "-p", "admin", "--no-input") as served:
        at_start = served.ask().json["Token"]
        assert at_start != old_role
        aws.forget_calls()
        age(alices_home, "admin-mfa", AGING)
        wait_for(lambda: served.ask().json["Token"] != at_start)
        assert served.ask().json["AccountId"] == aws.account
        assert [call.action for call in aws.calls()] == ["AssumeRole"]
        assert "was not renewed" not in served.said


@pytest.mark.usefixtures("old_role")
def test_a_failing_renewal_does_not_keep_clients_waiting(alices_home: Home, aws: Sandbox) -> None:
    """AWS is away for the role: reported once, with its reason, and the old session is served, at once."""
    with serve(alices_home, "-p", "admin") as served:
        aws.faults.add("AssumeRole", "error500", times=99)
        age(alices_home, "admin-mfa", AGING)
        wait_for(lambda: "profile admin was not renewed" in served.said)
        begun = time.monotonic()
        assert served.ask().status == 200
        assert time.monotonic() - begun < promised(5)
        assert served.said.count("was not renewed") == 1


def test_a_program_gives_the_code(alices_home: Home, alice: SandboxUser) -> None:
    """`code = { command = … }`: the user's own session is renewed without a terminal."""
    need("oathtool")
    (alices_home.folder / "code").write_text(alice.devices[0].code())
    alices_home.write_settings(f"code = {{ command = ['cat', '{alices_home.folder}/code'] }}")
    key_id = alice.key.access_key_id
    alices_home.write_credentials(keys_of(alice) + session_section(expires=in_seconds(2), key_id=key_id))
    with serve(alices_home) as served:
        wait_for(lambda: served.ask().json.get("AccessKeyId", SESSION_ID) != SESSION_ID)
        assert served.ask().json["AccountId"] == "123456789012"


def test_every_spelling_of_the_end_leaves_no_helper(alices_home: Home, alice: SandboxUser) -> None:
    """Ended in the middle of a renewal: the program that was to give a code is not left behind."""
    alices_home.write_settings("code = { command = ['sh', '-c', 'echo $$ >helper; exec sleep 100'] }")
    key_id = alice.key.access_key_id
    with_session = keys_of(alice) + session_section(key_id=key_id)
    alices_home.write_credentials(with_session)
    helper = alices_home.folder / "helper"
    with serve(alices_home) as served:
        alices_home.write_credentials(with_session.replace("2099-01-01T00:00:00Z", in_seconds(300)))
        wait_for(lambda: helper.exists() and helper.read_text().strip())
        assert served.ask().status == 200
    wait_for(lambda: not os.path.exists(f"/proc/{helper.read_text().strip()}"))
