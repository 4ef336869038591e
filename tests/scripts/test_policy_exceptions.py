"""`mfasession policy audit --exceptions`: users who are open on purpose, and until when."""

import csv
import json
from typing import Any

import pytest

from mfasession.policy.rule import ALLOW_ALL, DENY_ALL_WITHOUT_MFA
from tests.helpers.auditing import Estate, users


def write(estate: Estate, *entries: dict[str, str], until: str = "2999-12-31") -> None:
    """Write exceptions; `until` without quotes is a date."""
    text = ""
    for entry in entries:
        whole = {"account": "123456789012", "reason": "break glass", "owner": "ops@example.org", "until": until} | entry
        lines = [f"{name} = {value if name == 'until' else json.dumps(value)}\n" for name, value in whole.items()]
        text += "[[exception]]\n" + "".join(lines)
    (estate.home.folder / "known.toml").write_text(text)


def audit(estate: Estate, *words: str) -> tuple[int, str, str]:
    """The exit code, stdout and stderr."""
    done = estate.home.run("policy", "audit", "--exceptions", "known.toml", *words)
    return done.returncode, done.stdout, done.stderr


def test_users_who_are_open_on_purpose(estate: Estate) -> None:
    """They are in the report with the reason, count in the controls as failed, and not for the exit code."""
    estate.user("ruled", ALLOW_ALL, DENY_ALL_WITHOUT_MFA)
    write(
        estate, {"user": "al?ce"}, {"user": "arn:aws:iam::123456789012:user/ruled"},
        {"user": "absent-*", "account": "*"}, {"user": "other", "account": "999999999999"},
    )  # fmt: skip
    code, out, said = audit(estate, "--format", "json")
    assert code == 0
    report: dict[str, Any] = json.loads(out)
    found = users(report)
    known = {"reason": "break glass", "owner": "ops@example.org", "until": "2999-12-31"}
    assert (found["alice"]["covered"], found["alice"]["exception"]) == (False, known)
    assert (found["ruled"]["covered"], found["ruled"]["exception"]) == (True, None)
    assert [each["state"] for each in report["exceptions"]] == ["in use", "not needed", "unused"]
    assert report["controls"][0]["failed"] == 1
    assert "2 users: 1 covered, 1 excepted\n" in said
    assert "the exception for absent-* in any account names no user (break glass; ops@example.org)\n" in said
    assert "administrators who need no MFA" not in said
    shown = audit(estate)[1]
    assert "alice  excepted  *; until 2999-12-31: break glass (ops@example.org)  " in shown
    head, alice, _ = csv.reader(audit(estate, "--format", "csv")[1].splitlines())
    assert dict(zip(head, alice, strict=True))["exception_reason"] == "break glass"
    page = audit(estate, "--format", "html")[1]
    assert "<li>the exception for absent-* in any account names no user" in page
    assert "excepted: 1 (50 %)" in page


def test_an_expired_exception(estate: Estate) -> None:
    """The last day is over: the user is not covered, and the exception itself is a finding, whoever is covered."""
    write(estate, {"user": "alice"}, until="2026-01-31")
    code, out, said = audit(estate, "--format", "json")
    assert (code, users(json.loads(out))["alice"]["exception"]) == (1, None)
    line = "the exception for alice in 123456789012 ended on 2026-01-31 (break glass; ops@example.org)"
    assert f"mfasession: {line}\n  hint: cover the user, or agree on a new last day with the owner\n" in said
    assert "1 user: 1 not covered" in said
    estate.alice.put_policy("Rule", DENY_ALL_WITHOUT_MFA)
    code, _, said = audit(estate)
    assert (code, line in said) == (1, True)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "it must consist of [[exception]] tables"),
        ("x = [", "known.toml: "),
        ('[[exception]]\nuser = "a"\nwho = 1', "exception 1: who is not one of user, account, reason, owner, until"),
        ('[[exception]]\nuser = "**"\nreason = "r"\nowner = "o"', "exception 1: user names every user"),
        ('[[exception]]\nuser = "a"\nowner = "o"', "exception 1: reason must be a text"),
        ('[[exception]]\nuser = "a"\nreason = "r"\nowner = "o"', "exception 1: account must be twelve digits"),
        ('[[exception]]\nuser = "a"\nreason = "r"\nowner = "o"\naccount = "*"\nuntil = "soon"', "until must be a date"),
        ('[[exception]]\nuser = "a"\nreason = "r"\nowner = "o"\naccount = "*"\nuntil = 2027-01-01T00:00:00Z', "a date"),
    ],
)
def test_files_that_are_not_lists_of_exceptions(estate: Estate, text: str, said: str) -> None:
    """In one line with a hint, before AWS is asked."""
    (estate.home.folder / "known.toml").write_text(text)
    code, out, stderr = audit(estate)
    assert (code, out) == (3, "")
    assert said in stderr
    assert "  hint: each has user, account, reason, owner and until = " in stderr
    assert not estate.aws.calls("GetAccountAuthorizationDetails")
