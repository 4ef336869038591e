"""Questions for the code of a role, and what is said before them."""

import re

from mfasession.sandbox import Sandbox, SandboxUser
from tests.helpers.seat import CLOCK, question, seat
from tests.helpers.support import Home


def test_a_long_role_says_why_it_asks(alices_home: Home, aws: Sandbox, alice: SandboxUser) -> None:
    """99designs/aws-vault#263: more than one hour takes a code of its own, and that is said first."""
    role = aws.add_role(f"long-{alice.name}", trusted=[alice.arn], max_session_duration=7200)
    alices_home.config.write_text(
        f"[profile admin]\nrole_arn = {role.arn}\nsource_profile = default\nduration_seconds = 7200\n"
    )
    with seat(alices_home, "mfasession", "login", "-p", "admin") as sitting:
        sitting.see(
            "mfasession: 2 h of profile admin take a code of their own: AWS gives a role 1 h at most from the session "
            "of profile default"
        )
        sitting.see(question(alice))
        sitting.line(alice.devices[0].code())
        sitting.see(r"session for admin until")
        assert sitting.end() == 0


def test_a_device_other_than_the_roles_is_reported(alices_home: Home, aws: Sandbox, alice: SandboxUser) -> None:
    """99designs/aws-vault#648: source and role name different ones; whose code it is stands above the question."""
    role = aws.add_role(f"admin-{alice.name}", trusted=[alice.arn])
    serial, other = alice.devices[0].serial, "arn:aws:iam::123456789012:mfa/other"
    alices_home.config.write_text(
        f"[default]\nmfa_serial = {serial}\n"
        f"[profile admin]\nrole_arn = {role.arn}\nsource_profile = default\nmfa_serial = {other}\n"
    )
    with seat(alices_home, "mfasession", "login", "-p", "admin", columns=200) as sitting:
        sitting.see(
            re.escape(
                f"mfasession: profile admin names device {other}, and its session comes from that of profile default, "
                f"which names {serial}: the code is that one's"
            )
        )
        sitting.see(CLOCK)
        sitting.line(alice.devices[0].code())
        assert sitting.end() == 0
    with seat(alices_home, "mfasession", "process", "-p", "admin", columns=200) as sitting:
        assert sitting.end() == 0
        assert "names device" not in sitting.shown
