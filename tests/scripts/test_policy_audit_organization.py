"""`policy audit --organization`: all accounts of an organization, from one caller, and a run that is cut off."""

import json
import re
import stat
import subprocess
from collections.abc import Iterator
from typing import Any

import pytest

from tests.helpers.auditing import Estate
from tests.helpers.checks import complaint
from tests.helpers.organizing import Tree
from tests.helpers.patience import wait_for
from tests.helpers.seat import seat
from tests.helpers.support import MFASESSION

WORDS = ("policy", "audit", "--organization", "--role-name", "auditor")


class Organization(Tree):
    """An organization: the estate's account, which manages it, and members with a user each."""

    def __init__(self, estate: Estate) -> None:
        super().__init__(estate.aws)
        self.estate = estate
        self.home = estate.home

    def with_user(self, name: str, *, parent: str = "", has_role: bool = True) -> str:
        """Add an account with the user `NAME-user`; return its ID."""
        account = self.member(name, parent)
        account.add_user(f"{name}-user")
        if has_role:
            account.add_role("auditor", [self.estate.alice.arn])
        return account.account

    def audited(self, *words: str) -> tuple[int, dict[str, Any], str]:
        """Exit code, report and stderr of an audit."""
        done = self.home.run(*WORDS, "--format", "json", *words)
        return done.returncode, json.loads(done.stdout), done.stderr


@pytest.fixture
def organization(estate: Estate) -> Iterator[Organization]:
    """An organization without members."""
    yield Organization(estate)
    estate.aws.empty()


def accounts(report: dict[str, Any]) -> dict[str, str | None]:
    """The accounts of a report, each with the reason if it was not read."""
    return {each["account"]: each["failure"] for each in report["accounts"]}


def test_all_active_accounts(organization: Organization) -> None:
    """The caller's own too, without the role; closed ones are named; one that fails is a row, and the exit code 1."""
    ours = organization.estate.aws.account
    first, closed = organization.with_user("first"), organization.with_user("closed")
    failing = organization.with_user("failing", has_role=False)
    organization.api.close_account(AccountId=closed)
    organization.estate.aws.faults.add("ListAccounts", "throttle", times=2)
    code, report, said = organization.audited()
    found = accounts(report)
    assert (code, set(found), found[ours], found[first]) == (1, {ours, first, failing}, None, None)
    assert str(found[failing]).startswith("AWS denied AssumeRole: ")
    assert {each["user"] for each in report["users"]} == {"alice", "first-user"}
    assert re.search(rf"left out, because not active: {closed} \((suspended|pending closure)\)\n", said)
    assert f"mfasession: account {ours}: read without the role auditor, which cannot be assumed there\n" in said
    assert f"mfasession: {failing}: AWS denied AssumeRole" in said
    rows = {"table": f"{failing}  not read: AWS denied", "csv": f"{failing},,", "html": "not read: AWS denied"}
    for name, row in rows.items():
        assert row in organization.home.run(*WORDS, "--format", name).stdout


def test_accounts_of_an_ou(organization: Organization) -> None:
    """Those of the OUs below, too; an OU that has none, or is none, is reported."""
    unit = organization.unit("production")
    below = organization.unit("eu", unit)
    first, second = organization.with_user("first", parent=unit), organization.with_user("second", parent=below)
    organization.with_user("other")
    code, report, _ = organization.audited("--ou", unit, "--ou", below, "--parallel", "2")
    assert (code, accounts(report)) == (0, {first: None, second: None})
    empty = organization.home.run(*WORDS, "--ou", organization.unit("empty"))
    assert (empty.returncode, empty.stderr) == (
        3,
        complaint("there is no active account there", "name another OU, or leave --ou out"),
    )
    assert organization.home.run(*WORDS, "--ou", "ou-ab12-11112222").returncode == 4


def test_a_run_that_is_cut_off_continues(organization: Organization) -> None:
    """Accounts that were read are not read again; a torn line is removed; at the end the file is, too."""
    first, second = organization.with_user("first"), organization.with_user("second", has_role=False)
    file = organization.home.folder / "audit.jsonl"
    words = ("--resume", "audit.jsonl")
    assert organization.audited(*words)[0] == 1
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    lines = [json.loads(line) for line in file.read_text().splitlines()]
    assert {each["user"] for each in lines if "user" in each} == {"alice", "first-user"}
    with file.open("a") as torn:
        torn.write('{"account": "1", "us')
    organization.estate.aws.forget_calls()
    code, report, said = organization.audited(*words)
    assert (code, sorted(each["user"] for each in report["users"])) == (1, ["alice", "first-user"])
    assert "2 of 3 accounts are from audit.jsonl, read since 2" in said
    assert not organization.estate.aws.calls("GetAccountAuthorizationDetails")
    assert [json.loads(line) for line in file.read_text().splitlines()] == lines
    other = organization.home.run(*WORDS[:-1], "reader", *words)
    assert (other.returncode, "is not of this audit" in other.stderr) == (3, True)
    organization.api.close_account(AccountId=second)
    assert organization.audited(*words)[1]["totals"]["users"] == 2
    assert (file.exists(), first in accounts(report)) == (False, True)


THROTTLED = ("GetAccountAuthorizationDetails", "AssumeRole", "ListPoliciesForTarget", "DescribePolicy", "ListParents")


@pytest.mark.parametrize("action", THROTTLED)
def test_a_throttled_call_is_sent_again(organization: Organization, action: str) -> None:
    """Later each time; the report is whole. The exit code is that of the administrator, who is open."""
    organization.with_user("first")
    organization.estate.aws.faults.add(action, "throttle", times=2)
    code, report, _ = organization.audited("--parallel", "2")
    assert (code, {each["failure"] for each in report["accounts"]}) == (1, {None})
    assert {each["user"]: each["covered"] for each in report["users"]}["first-user"] is True
    outcomes = [call.outcome for call in organization.estate.aws.calls(action)]
    refused = outcomes.count("Throttling") + outcomes.count("ThrottlingException")
    assert (refused, "ok" in outcomes) == (2, True), outcomes


def test_a_killed_run_and_two_at_once(organization: Organization) -> None:
    """Whatever was finished stays; the file belongs to one run at a time."""
    organization.with_user("first")
    organization.estate.aws.faults.add("ListVirtualMFADevices", "delay", seconds=15.0)
    file = organization.home.folder / "audit.jsonl"
    words = (*WORDS, "--parallel", "2", "--resume", "audit.jsonl")
    running = subprocess.Popen(
        [MFASESSION, *words],
        env=organization.home.environ,
        cwd=organization.home.folder,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    wait_for(lambda: file.exists() and b'{"end"' in file.read_bytes())
    second = organization.home.run(*words)
    assert (second.returncode, "another audit is using audit.jsonl" in second.stderr) == (3, True)
    running.kill()
    running.wait()
    done = organization.home.run(*words)
    assert "1 of 2 accounts are from audit.jsonl" in done.stderr
    assert not file.exists()


def test_progress_on_a_terminal(organization: Organization) -> None:
    """How many accounts are ready, on stderr."""
    organization.with_user("first")
    organization.estate.aws.faults.add("GetAccountAuthorizationDetails", "delay", seconds=1.0)
    with seat(organization.home, "mfasession", *WORDS) as sitting:
        sitting.see(" of 2 accounts, ")
        sitting.end()


def test_many_accounts_need_few_open_files(organization: Organization) -> None:
    """An account that waits has no file open."""
    for number in range(40):
        organization.with_user(f"member{number}", has_role=False)
    script = f"ulimit -n 40; exec {MFASESSION} {' '.join(WORDS)} --parallel 2"
    done = organization.home.run_program("bash", "-c", script)
    assert "mfasession: 41 accounts (40 not read), 1 user: 1 not covered\n" in done.stderr, done.stderr
    assert "accounts that were not read: 20 more, which the report has\n" in done.stderr


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("--organization",), 2, "--organization and --role-name go together"),
        (("--organization", "--accounts", "123456789012", "--role-name", "a"), 2, "do not go together"),
        (("--ou", "ou-ab12-11112222"), 2, "--ou goes with --organization"),
        ((*WORDS[2:], "--ou", "production"), 2, "production is not the ID of an OU or a root"),
        (("--resume", "file"), 2, "--resume goes with --accounts or --organization"),
        ((*WORDS[2:], "--parallel", "0"), 2, "--parallel must be from 1 to 32"),
        ((*WORDS[2:],), 3, "there is no active account there"),
        (("--accounts", "123456789012", "--role-name", "a", "--resume", "."), 3, ". is a directory"),
        (("--accounts", "123456789012", "--role-name", "a", "--resume", "shared"), 3, "shared"),
        (("--accounts", "123456789012", "--role-name", "a", "--resume", "link"), 7, "link cannot be used"),
        (("--accounts", "123456789012", "--role-name", "a", "--resume", "mine"), 3, "mine is not of this audit"),
    ],
)
def test_invalid_command_lines(estate: Estate, words: tuple[str, ...], code: int, said: str) -> None:
    """In one line with a hint; a file of the user's stays as it is."""
    mine = estate.home.folder / "mine"
    mine.write_text("my notes\n")
    mine.chmod(0o600)
    (estate.home.folder / "shared").touch()
    (estate.home.folder / "shared").chmod(0o666)
    (estate.home.folder / "link").symlink_to("mine")
    done = estate.home.run("policy", "audit", *words)
    assert (done.returncode, done.stdout) == (code, "")
    assert said in done.stderr
    assert "  hint: " in done.stderr
    assert mine.read_text() == "my notes\n"
