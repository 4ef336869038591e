"""Each number of an organization's audit, checked by a second and a third way.

An auditor with a CI's OIDC role alone audits the organization with the command of docs/policy.md. The second way: the
sandbox is asked, with each user's long-term key and with a session that is made with it, what they may do. The third:
iam-simulate, an evaluator written apart, with the policies as they were made. Totals are counted anew.

`AUDIT_ACCOUNTS=100` (`make audited`) takes as many accounts.
"""

import json
import os
import re
import shlex
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from fnmatch import fnmatchcase
from itertools import chain
from pathlib import Path
from typing import Any

import pytest

from mfasession.policy.evaluation import Decision
from mfasession.sandbox import Sandbox
from tests.contracts.test_iam_simulate import theirs
from tests.helpers.ci_identity import CI_ARN, token, trust_ci
from tests.helpers.many_accounts import CI, UNIT_NAMES, Known, ManyAccounts
from tests.helpers.policy_cases import Case
from tests.helpers.probing import PROBES, without_mfa
from tests.helpers.sandbox_clients import client
from tests.helpers.support import Home

ACCOUNTS = int(os.environ.get("AUDIT_ACCOUNTS", "6"))
USERS = 4
PAGE = Path(__file__).parents[2] / "docs/policy.md"
EXCEPTIONS = """[[exception]]
user = "break-glass"
account = "*"
reason = "sign-in while the identity provider is down"
owner = "security@example.org"
until = 2999-12-31

[[exception]]
user = "arn:aws:iam::*:user/service-*"
account = "*"
reason = "replaced by a role"
owner = "ops@example.org"
until = 2020-01-01
"""
TO_CREATE_USERS = ("iam:CreateUser", "iam:AttachUserPolicy", "iam:PutUserPolicy", "iam:CreateAccessKey")
CONTEXTS: Mapping[str, dict[str, str]] = {
    "key": {},
    "session": {"aws:MultiFactorAuthPresent": "false"},
    "mfa": {"aws:MultiFactorAuthPresent": "true", "aws:MultiFactorAuthAge": "60"},
}


@pytest.fixture
def accounts(aws: Sandbox) -> Iterator[ManyAccounts]:
    """An organization with users."""
    aws.empty()
    yield ManyAccounts(aws, ACCOUNTS, USERS)
    aws.empty()


def command() -> list[str]:
    """The command of the page."""
    found = re.search(r"^\$ (mfasession policy audit --ambient --organization .*)$", PAGE.read_text(), re.MULTILINE)
    assert found
    return shlex.split(found[1])[1:]


def audited(accounts: ManyAccounts, home: Home) -> tuple[int, dict[str, Any], str]:
    """The exit code, the report and what is said on stderr."""
    iam = client(accounts.aws, "iam", accounts.aws.root_key())
    environ = trust_ci(iam, home.folder, CI)
    (home.folder / "token").write_text(token(sub="repo:acme/app"))
    (home.folder / "exceptions.toml").write_text(EXCEPTIONS)
    done = home.run(*command(), environ=environ)
    report = home.folder / "audit.json"
    assert report.exists(), done.stderr
    return done.returncode, json.loads(report.read_text()), done.stderr


def by_simulation(known: list[Known], actions: Mapping[str, tuple[str, ...]]) -> list[dict[str, set[str]]]:
    """For each user and kind of caller, those of the actions that iam-simulate allows."""
    keys = [(number, kind, action) for number in range(len(known)) for kind, these in actions.items()
            for action in these]  # fmt: skip
    cases = []
    for number, kind, action in keys:
        one = known[number]
        principal = {"aws:PrincipalArn": one.user.arn, "aws:PrincipalAccount": one.account,
                     "aws:PrincipalType": "User", "aws:username": one.user.name}  # fmt: skip
        cases.append(
            Case(
                identity=[dict(each) for each in one.identity],
                boundary=None if one.boundary is None else [dict(each) for each in one.boundary],
                organization=[[dict(each) for each in level] for level in one.levels] or None,
                action=action,
                resource="*",
                context={**principal, **CONTEXTS[kind]},
                principal=one.user.arn,
            )
        )
    found: list[dict[str, set[str]]] = [{kind: set() for kind in actions} for _ in known]
    for (number, kind, action), decision in zip(keys, theirs(cases), strict=True):
        if decision is Decision.ALLOWED:
            found[number][kind].add(action)
    return found


def covers(pattern: str, action: str) -> bool:
    """Whether a pattern of a policy is about an action."""
    return fnmatchcase(action.lower(), pattern.lower())


def test_each_number_of_the_report(accounts: ManyAccounts, tmp_path: Path) -> None:
    """Users, verdicts, administrators, devices, passwords, keys, accounts, exceptions, controls and totals."""
    home = Home(tmp_path, {"AWS_ENDPOINT_URL": accounts.aws.url, "AWS_REGION": "us-east-1"})
    code, report, said = audited(accounts, home)
    assert (code, report["read_as"]["arn"]) == (1, CI_ARN)
    assert said.startswith(f"mfasession: as {CI_ARN} (ambient credentials: web identity)\n")
    failures = {each["account"]: each["failure"] for each in report["accounts"]}
    assert set(failures) == set(accounts.numbers)
    assert [number for number, failure in failures.items() if failure] == [accounts.unread]
    rows = {each["arn"]: each for each in report["users"]}
    known = [each for each in accounts.known if each.account != accounts.unread]
    assert len(rows) == len(report["users"])
    assert set(rows) == {each.user.arn for each in known}
    check_people(accounts, rows, known, report["generated"])
    check_verdicts(accounts, rows, known)
    check_totals(accounts, report, known)


def check_people(accounts: ManyAccounts, rows: Mapping[str, Any], known: list[Known], generated: str) -> None:
    """Devices, passwords and keys of each row."""
    assert generated.startswith(time.strftime("%Y-", time.gmtime(accounts.aws.clock.now())))
    for one in known:
        row = rows[one.user.arn]
        assert (row["account"], row["user"]) == (one.account, one.user.name)
        assert (row["mfa"], row["password"]) == (one.has_device, one.has_password)
        assert [each["serial"] for each in row["devices"]] == one.user.device_serials
        assert [each["active"] for each in row["access_keys"]] == [is_active for is_active, _ in one.keys]
        assert [days_of(each["created"]) for each in row["access_keys"]] == [days for _, days in one.keys]


def days_of(created: str) -> int:
    """The age of a key in days."""
    seconds = time.time() - time.mktime(time.strptime(created, "%Y-%m-%dT%H:%M:%SZ")) + time.timezone
    return round(seconds / 86400)


def check_verdicts(accounts: ManyAccounts, rows: Mapping[str, Any], known: list[Known]) -> None:
    """Whether each user is covered, what is open and who is an administrator."""
    asked = {"key": (*PROBES, *TO_CREATE_USERS), "session": (*PROBES, *TO_CREATE_USERS), "mfa": TO_CREATE_USERS}
    for one, simulated in zip(known, by_simulation(known, asked), strict=True):
        row = rows[one.user.arn]
        # IAM answers no session of a user without MFA.
        in_session = {each for each in simulated["session"] if not each.startswith("iam:")}
        possible = without_mfa(accounts.aws, one.account, one.user.key)
        assert possible == (simulated["key"] | in_session) & set(PROBES), row
        if one.account == accounts.denying:
            assert (row["covered"], row["administrator"]) == (None, None), row
            continue
        assert row["covered"] == (not possible), (row, possible)
        shown = row["open_without_mfa"]
        by_policy = simulated["key"] | simulated["session"]
        assert all(any(covers(each, action) for action in by_policy) for each in shown), (shown, by_policy)
        assert len(shown) >= 5 or all(any(covers(each, action) for each in shown) for action in possible), (
            shown,
            possible,
        )
        is_admin = any(set(TO_CREATE_USERS) <= simulated[kind] for kind in ("key", "mfa"))
        assert row["administrator"] == is_admin, row


def check_totals(accounts: ManyAccounts, report: Mapping[str, Any], known: list[Known]) -> None:
    """Each total is the number of users or keys of which it is said."""
    rows = {each["arn"]: each for each in report["users"]}
    counts: Counter[str] = Counter()
    for one in known:
        row = rows[one.user.arn]
        is_open = row["covered"] is not True
        is_excepted = is_open and one.user.name == "break-glass"
        verdict = {True: "covered", False: "not covered", None: "not known"}[row["covered"]]
        counts["users"] += 1
        counts["excepted" if is_excepted else verdict] += 1
        assert (row["exception"] is not None) == is_excepted
        counts["administrators"] += row["administrator"] is True
        counts["administrators not covered"] += bool(row["administrator"]) and verdict[0] == "n" and not is_excepted
        counts["with a device"] += one.has_device
        counts["passwords without a device"] += one.has_password and not one.has_device
        counts["active keys"] += sum(is_active for is_active, _ in one.keys)
        counts["old keys"] += sum(is_active and days > 90 for is_active, days in one.keys)
    totals = {name: count for name, count in report["totals"].items() if count}
    assert totals == {name: count for name, count in counts.items() if count}
    states = {each["user"]: each["state"] for each in report["exceptions"]}
    assert states["arn:aws:iam::*:user/service-*"] == "expired"
    controls = {each["control"]: (each["passed"], each["failed"], each["unknown"]) for each in report["controls"]}
    covered = Counter(str(rows[one.user.arn]["covered"]) for one in known)
    assert controls["PCI DSS 4.0.1 8.4.2"] == (covered["True"], covered["False"], covered["None"])
    passwords = [one.has_device for one in known if one.has_password]
    assert controls["CIS AWS Foundations 3.0 1.10"] == (sum(passwords), passwords.count(False), 0)
    assert min(counts["covered"], counts["not covered"], counts["not known"], counts["excepted"]) > 0, counts
    by = list(chain.from_iterable(each["covered_by"] for each in report["users"]))
    levels = {re.sub(r".* of (root|OU|account).*", r"\1", each) for each in by if each.startswith("SCP ")}
    assert levels >= {"root", "OU"}, by
    assert any(UNIT_NAMES[0] in each for each in by)
    print(f"{len(accounts.numbers)} accounts, {dict(counts)}")  # noqa: T201  # for `make audited`
