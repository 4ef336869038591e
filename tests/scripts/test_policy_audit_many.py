"""`mfasession policy audit` of many accounts, and what it refuses."""

import json
import sys
import time
from pathlib import Path

import pytest

from mfasession import timestamps
from mfasession.policy.rule import ALLOW_ALL, DENY_ALL_WITHOUT_MFA
from mfasession.sandbox import Sandbox
from tests.helpers.auditing import Estate
from tests.helpers.checks import keys_of
from tests.helpers.ci_identity import NO_OTHERS


def test_many_accounts(estate: Estate) -> None:
    """Each is reported on its own, from one session; one that fails keeps no other from its report."""
    numbers = ("222222222222", "333333333333", "444444444444")
    for number in numbers[:2]:
        other = estate.aws.add_account(number)
        other.add_role("auditor", [estate.alice.arn])
        other.add_user(f"covered-{number}")
        other.add_user(f"open-{number}", [ALLOW_ALL])
    estate.aws.forget_calls()
    words = ("--accounts", ",".join(numbers), "--role-name", "auditor")
    done = estate.home.run("policy", "audit", *words, "--format", "json")
    assert done.returncode == 1
    report = json.loads(done.stdout)
    read = [(each["account"], each["users"]) for each in report["accounts"]]
    assert read == [*((number, 2) for number in numbers[:2]), (numbers[2], None)]
    assert report["accounts"][2]["failure"].startswith("AWS denied AssumeRole: ")
    assert [(each["account"], each["user"], each["covered"]) for each in report["users"]] == [
        (number, f"{name}-{number}", name == "covered") for number in numbers[:2] for name in ("covered", "open")
    ]
    assert "mfasession: 444444444444: AWS denied AssumeRole: " in done.stderr
    assert "mfasession: 3 accounts (1 not read), 4 users: 2 covered, 2 not covered\n" in done.stderr
    assert not estate.aws.calls("GetSessionToken")
    assert estate.home.run("policy", "audit", *words).stdout.startswith("ACCOUNT ")


def test_one_account_that_was_not_read(estate: Estate) -> None:
    """A named account is a line of the report, also if it is the only one; the exit code is that of the failure."""
    words = ("--accounts", "444444444444", "--role-name", "auditor", "--format", "jsonl")
    done = estate.home.run("policy", "audit", *words)
    (line,) = map(json.loads, done.stdout.splitlines())
    assert (done.returncode, line["kind"], line["account"]) == (4, "unread account", "444444444444")
    assert line["failure"].startswith("AWS denied AssumeRole: ")
    assert "mfasession: 1 account (1 not read), 0 users: no user to cover\n" in done.stderr


SIGN_IN = """
import json, pathlib, sys
calls = pathlib.Path("calls")
calls.write_text(calls.read_text() + "x" if calls.exists() else "x")
if len(calls.read_text()) > LAST:
    sys.exit("the sign-in has ended")
print(json.dumps(KEY))
"""
"""A `credential_process` whose sign-in ends after some calls. Its keys end so soon that botocore asks for each call."""
NUMBERS = [f"{number}" * 12 for number in range(2, 6)]


def audited_until(estate: Estate, last: int) -> tuple[int, str]:
    """Audit accounts with a sign-in that ends after so many calls; return the exit code and stderr."""
    for number in NUMBERS:
        other = estate.aws.add_account(number)
        other.add_role("auditor", [estate.alice.arn])
        other.add_user(f"user-{number}")
    key = {
        "Version": 1,
        "AccessKeyId": estate.alice.key.access_key_id,
        "SecretAccessKey": estate.alice.key.secret_access_key.reveal(),
        "Expiration": timestamps.show(int(time.time()) + 300),
    }
    script = estate.home.folder / "sign_in.py"
    script.write_text(SIGN_IN.replace("LAST", f"{last}").replace("KEY", repr(key)))
    estate.home.config.write_text(f"[profile corp]\ncredential_process = {sys.executable} {script}\n")
    outputs = [word for ending in ("jsonl", "html", "csv") for word in ("--output", f"a.{ending}")]
    words = ("--accounts", ",".join(NUMBERS), "--role-name", "auditor", "--scp", "none", "--parallel", "1", *outputs)
    done = estate.home.run("policy", "audit", "--ambient", "-p", "corp", *words, environ=NO_OTHERS)
    return done.returncode, done.stderr


def test_a_sign_in_that_ends_meanwhile(estate: Estate) -> None:
    """The accounts that were not read are in every format, with the reason."""
    code, said = audited_until(estate, 5)
    lines = [json.loads(line) for line in (estate.home.folder / "a.jsonl").read_text().splitlines()]
    accounts = {each["account"]: each["failure"] for each in lines if each["kind"].endswith("account")}
    assert (code, list(accounts), accounts[NUMBERS[0]]) == (1, NUMBERS, None), said
    why = {accounts[number] for number in NUMBERS[1:]}
    assert [each.endswith("the sign-in has ended") for each in why] == [True]
    assert "3 accounts were not read" in (estate.home.folder / "a.html").read_text()
    assert (estate.home.folder / "a.csv").read_text().count("the sign-in has ended") == 3
    assert "mfasession: 4 accounts (3 not read), 1 user: 1 covered\n" in said


def test_a_sign_in_that_ends_before_every_account(estate: Estate) -> None:
    """It is an error of the run: there is no report."""
    code, said = audited_until(estate, 4)
    assert (code, "4 of 4 accounts were not read" in said) == (1, True), said
    assert not list(estate.home.folder.glob("a.*"))


def test_a_file_with_accounts(aws: Sandbox, tmp_path: Path) -> None:
    """One a line, with remarks; no user open, but an account that was not read: not 0."""
    estate = Estate(aws, tmp_path, (ALLOW_ALL, DENY_ALL_WITHOUT_MFA))
    aws.add_role("auditor", [estate.alice.arn])
    listed = estate.home.folder / "accounts"
    listed.write_text("# ours\n123456789012  # production\n\n123456789012\n")
    assert estate.home.run("policy", "audit", "--accounts", "accounts", "--role-name", "auditor").returncode == 0
    listed.write_text("123456789012\n444444444444\n")
    done = estate.home.run("policy", "audit", "--accounts", "accounts", "--role-name", "auditor")
    assert done.returncode == 1
    assert "1 of 2 accounts were not read" in done.stderr


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("--accounts", "123456789012"), 2, "--accounts and --role-name go together"),
        (("--role-name", "auditor"), 2, "--accounts and --role-name go together"),
        (("--accounts", "no-such-file", "--role-name", "x"), 3, "there is no file no-such-file"),
        (("--accounts", "odd", "--role-name", "x"), 3, "odd is not a list of accounts"),
        (("--accounts", "123456789012", "--role-name", "a b"), 3, "role_arn must be"),
        (("--format", "pdf"), 2, "--format cannot be pdf"),
    ],
)
def test_invalid_command_lines(estate: Estate, words: tuple[str, ...], code: int, said: str) -> None:
    """In one line with a hint, and AWS is not asked for a report."""
    (estate.home.folder / "odd").write_text("production\n")
    estate.aws.forget_calls()
    done = estate.home.run("policy", "audit", *words)
    assert (done.returncode, done.stdout) == (code, "")
    assert said in done.stderr
    assert "  hint: " in done.stderr
    assert not estate.aws.calls("GetAccountAuthorizationDetails")


def test_a_profile_that_does_not_exist(estate: Estate) -> None:
    """As everywhere."""
    assert estate.home.run("policy", "audit", "-p", "nobody").returncode == 3


def test_without_a_session(estate: Estate) -> None:
    """It needs one, and says how to have it."""
    estate.home.write_credentials(keys_of(estate.alice))
    done = estate.home.run("policy", "audit")
    assert (done.returncode, done.stdout) == (6, "")
    assert "mfasession login" in done.stderr
