"""`mfasession policy audit`: who can act without MFA, for users, for programs and for an auditor."""

import csv
import json
import os
import re
import signal
import stat
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest

from mfasession.admin.reports.csv import HEADS
from mfasession.policy.rule import ALLOW_ALL, DENY_ALL_WITHOUT_MFA
from mfasession.sandbox import Sandbox
from tests.helpers.auditing import PASSWORD, Estate, users
from tests.helpers.checks import complaint
from tests.helpers.patience import scaled, wait_for
from tests.helpers.sandbox_clients import client, refusal
from tests.helpers.seat import seat
from tests.helpers.support import MFASESSION, Home

DENY_S3 = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Effect": "Deny",
            "Action": "s3:*",
            "Resource": "*",
            "Condition": {"BoolIfExists": {"aws:MultiFactorAuthPresent": "false"}},
        }
    ],
}


def audited(home: Home, *words: str) -> dict[str, Any]:
    """The report as JSON."""
    done = home.run("policy", "audit", "--format", "json", *words)
    report: dict[str, Any] = json.loads(done.stdout)
    return report


def fill(estate: Estate) -> None:
    """Add one user for each way to be covered or not."""
    rule = estate.aws.add_policy("Rule", DENY_ALL_WITHOUT_MFA)
    for name in ("grouped", "bounded"):
        estate.user(name, ALLOW_ALL)
    estate.user("ruled", ALLOW_ALL, DENY_ALL_WITHOUT_MFA).add_device("ruled-phone")
    estate.user("partly", ALLOW_ALL, DENY_S3)
    estate.user("idle").add_fido_device("yubikey")
    estate.group("staff", "grouped", policy=rule)
    estate.iam.put_user_permissions_boundary(UserName="bounded", PermissionsBoundary=rule)
    estate.iam.create_login_profile(UserName="partly", Password=PASSWORD)


# What is found


def test_each_way_to_be_covered(estate: Estate) -> None:
    """By the user's own policies, a group's, the boundary; what is open is named, and the exit code says no."""
    fill(estate)
    done = estate.home.run("policy", "audit", "--format", "json")
    assert done.returncode == 1
    found = users(json.loads(done.stdout))
    assert {name: (user["covered"], user["covered_by"], user["open_without_mfa"]) for name, user in found.items()} == {
        "alice": (False, [], ["*"]),
        "grouped": (True, ["group staff"], []),
        "bounded": (True, ["boundary"], []),
        "ruled": (True, ["directly"], []),
        "partly": (False, [], ["*"]),
        "idle": (True, ["nothing is allowed"], []),
    }
    assert [name for name, user in found.items() if user["administrator"]] == ["alice", "grouped", "ruled", "partly"]
    assert "administrators who need no MFA: alice in 123456789012, partly in 123456789012\n" in done.stderr
    assert "mfasession: 6 users: 4 covered, 2 not covered\n" in done.stderr


def test_a_policy_of_the_organization(estate: Estate) -> None:
    """It covers those whom nothing else does, and it is said whom it does not bind."""
    estate.user("plain", ALLOW_ALL)
    (estate.home.folder / "scp.json").write_text(json.dumps(DENY_ALL_WITHOUT_MFA))
    words = ("policy", "audit", "--scp", "scp.json")
    done = estate.home.run(*words, "--format", "json")
    assert done.returncode == 0
    found = {name: user["covered_by"] for name, user in users(json.loads(done.stdout)).items()}
    by = ["SCP scp.json (statement DenyAllWithoutMFA)"]
    assert found == {"alice": by, "plain": by}
    assert "service control policies do not bind the management account and service-linked roles" in done.stderr
    assert "account 123456789012: it is in no organization: " in done.stderr
    refused = {"Effect": "Deny", "Action": "organizations:*", "Resource": "*"}
    estate.alice.put_policy("refused", {"Version": "2012-10-17", "Statement": [refused]})
    done = estate.home.run(*words)
    assert "organizations:DescribeOrganization was refused: if this is the management account" in done.stderr
    estate.alice.put_policy("refused", ALLOW_ALL)
    organizations = client(estate.aws, "organizations", estate.aws.root_key())
    organizations.create_organization(FeatureSet="ALL")
    try:
        done = estate.home.run(*words)
        assert done.returncode == 1
        assert "account 123456789012: this is the management account" in done.stderr
    finally:
        organizations.delete_organization()


def test_files_that_are_not_policies_of_an_organization(estate: Estate) -> None:
    """Before anything is asked of AWS."""
    trust = {"Effect": "Allow", "Principal": "*", "Action": "sts:AssumeRole"}
    (estate.home.folder / "trust.json").write_text(json.dumps({"Version": "2012-10-17", "Statement": [trust]}))
    done = estate.home.run("policy", "audit", "--scp", "trust.json")
    message = complaint("trust.json is a trust policy: --scp takes none", "give it as a FILE")
    assert (done.returncode, done.stdout, done.stderr) == (2, "", message)
    assert not estate.aws.calls("GetAccountAuthorizationDetails")


def test_the_report_matches_the_sandbox(estate: Estate) -> None:
    """AWS refuses the keys of those who are covered, and lets the others in."""
    fill(estate)
    covered = {name: user["covered"] for name, user in users(audited(estate.home)).items()}
    for user in estate.aws.users:
        ec2 = client(estate.aws, "ec2", user.key)
        if covered[user.name]:
            assert refusal(ec2.describe_regions)[0] == "UnauthorizedOperation"
        else:
            assert ec2.describe_regions()["Regions"]


def test_devices_keys_and_passwords(estate: Estate) -> None:
    """Virtual, hardware and FIDO devices; ages and last use of keys; a password without a device."""
    fill(estate)
    token = estate.user("token")
    token.add_hardware_device("GAHT12345678")
    token.age_key(token.key.access_key_id, 400 * 86400)
    second = token.add_key().access_key_id
    token.set_key_status(second, "Inactive")
    found = users(audited(estate.home))
    assert found["ruled"]["devices"] == [{"serial": "arn:aws:iam::123456789012:mfa/ruled-phone", "fido": False}]
    assert found["idle"]["devices"][0]["fido"]
    assert found["token"]["devices"] == [{"serial": "GAHT12345678", "fido": False}]
    assert [(key["active"], key["ever_used"]) for key in found["token"]["access_keys"]] == [
        (True, False),
        (False, False),
    ]
    assert found["alice"]["access_keys"][0]["ever_used"]
    assert (found["partly"]["password"], found["partly"]["mfa"], found["alice"]["password"]) == (True, False, False)
    # Devices are asked for one by one only where there is one that is not virtual.
    asked = [call.params["UserName"] for call in estate.aws.calls("ListMFADevices") if "UserName" in call.params]
    assert {*asked} == {"idle", "token"}
    table = estate.home.run("policy", "audit").stdout
    assert re.search(r"^token .* GAHT12345678 .* 1 of 2  400 d", table, re.MULTILINE)
    assert re.search(r"^idle .* yubikey \(FIDO\)", table, re.MULTILINE)


def test_the_controls(estate: Estate) -> None:
    """SOC 2, PCI DSS and CIS, with how many pass and fail."""
    fill(estate)
    report = {
        each["control"]: (each["passed"], each["failed"], each["unknown"]) for each in audited(estate.home)["controls"]
    }
    assert report == {
        "SOC 2 TSC 2017 CC6.1": (4, 2, 0),
        "PCI DSS 4.0.1 8.4.1": (2, 2, 0),
        "PCI DSS 4.0.1 8.4.2": (4, 2, 0),
        "CIS AWS Foundations 3.0 1.10": (0, 1, 0),
        "CIS AWS Foundations 7.0 2.10": (0, 1, 0),
    }


def test_everybody_covered(aws: Sandbox, tmp_path: Path) -> None:
    """Exit code 0; the root user's device and keys are reported all the same."""
    estate = Estate(aws, tmp_path, (ALLOW_ALL, DENY_ALL_WITHOUT_MFA))
    done = estate.home.run("policy", "audit")
    assert done.returncode == 0
    assert done.stdout.splitlines()[0].split("  ")[0] == "USER"
    account = "mfasession: account 123456789012: "
    assert done.stderr == (
        f"{account}the root user has no MFA device\n  hint: sign in as root: Security credentials\n"
        f"{account}the root user has long-term keys\n  hint: delete them in the console\n"
        "mfasession: 1 user: 1 covered\n"
    )
    aws.add_root_device()
    assert audited(estate.home)["accounts"][0]["root_mfa"] is True


# How it is reported


def test_the_table(estate: Estate) -> None:
    """A line a user, whatever is in the names; then the controls."""
    estate.user("x" * 64, DENY_ALL_WITHOUT_MFA)
    done = estate.home.run("policy", "audit")
    lines = done.stdout.splitlines()
    assert re.fullmatch(
        r"USER +COVERED  BY, OR WHAT IS OPEN  ADMIN  DEVICES  PASSWORD  KEYS  OLDEST  LAST USED", lines[0]
    )
    assert re.fullmatch(r"alice +no       \* +yes    phone    no        1     0 d     \d{4}-\d\d-\d\d", lines[1])
    assert lines[2].startswith(f"{'x' * 64}  yes      directly ")
    assert lines[4].split() == ["CONTROL", "PASS", "FAIL", "NOT", "KNOWN"]
    assert lines[5].startswith("SOC 2 TSC 2017 CC6.1          1     1     0          ")


def test_csv(estate: Estate) -> None:
    """A line a user for a spreadsheet; a name that would be a formula is text."""
    estate.user("=cmd,x", DENY_ALL_WITHOUT_MFA)
    done = estate.home.run("policy", "audit", "--format", "csv")
    head, alice, odd = csv.reader(done.stdout.splitlines())
    assert tuple(head) == HEADS
    report = dict(zip(head, alice, strict=True))
    assert (report["user"], report["covered"], report["open_without_mfa"], report["mfa"]) == ("alice", "no", "*", "yes")
    assert report["devices"] == estate.alice.devices[0].serial
    assert (report["password_last_used"], report["key_2_active"]) == ("", "")
    assert odd[1] == "'=cmd,x"


@pytest.mark.parametrize("written", ["csv", "junit", "html"])
def test_formats_for_programs_are_utf8_whatever_the_locale(estate: Estate, written: str) -> None:
    """XML says so in its first line; a spreadsheet would not find the exception's owner."""
    known = (
        '[[exception]]\nuser = "alice"\naccount = "*"\nreason = "\u6771\u4eac"\nowner = "\u00e9"\nuntil = 2999-01-01\n'
    )
    (estate.home.folder / "known.toml").write_text(known, encoding="utf-8")
    words = ("policy", "audit", "--format", written, "--exceptions", "known.toml")
    done = estate.home.run(*words, environ={"PYTHONIOENCODING": "iso-8859-1"})
    assert "\u6771\u4eac" in done.stdout, done.stderr


def test_json_lines(estate: Estate) -> None:
    """The account, then its users, each line with all that it takes to read it alone."""
    estate.user("covered", ALLOW_ALL, DENY_ALL_WITHOUT_MFA)
    estate.alice.age_key(estate.alice.key.access_key_id, 412 * 86400)
    done = estate.home.run("policy", "audit", "--format", "jsonl")
    assert done.returncode == 1
    account, *people = map(json.loads, done.stdout.splitlines())
    assert (account["kind"], account["account"], account["users"]) == ("account", "123456789012", 2)
    assert [(each["user"], each["verdict"], each["oldest_active_key_days"]) for each in people] == [
        ("alice", "not covered", 412),
        ("covered", "covered", 0),
    ]
    assert {(each["read_as"], each["account"], each["organization_path"]) for each in people} == {
        (estate.alice.arn, "123456789012", None)
    }


def test_the_file_is_its_owners_alone(estate: Estate) -> None:
    """It names users: mode 0600, replaced in one step, and nothing on stdout."""
    report = estate.home.folder / "report.json"
    report.write_text("old")
    report.chmod(0o644)
    done = estate.home.run("policy", "audit", "--format", "json", "--output", "report.json")
    assert (done.returncode, done.stdout) == (1, "")
    assert stat.S_IMODE(report.stat().st_mode) == 0o600
    assert users(json.loads(report.read_text()))["alice"]["covered"] is False
    assert "the report is in report.json" in done.stderr


def test_several_files_of_one_run(estate: Estate) -> None:
    """The ending of each name says its format; all are of the same run, and nothing is on stdout."""
    names = ("a.html", "a.jsonl", "a.json", "a.sarif", "a.xml", "a.ocsf.jsonl", "a.csv", "a")
    estate.aws.forget_calls()
    done = estate.home.run("policy", "audit", *(word for name in names for word in ("--output", name)))
    assert (done.returncode, done.stdout) == (1, "")
    assert [line.removeprefix("mfasession: the report is in ") for line in done.stderr.splitlines()[: len(names)]] == [
        *names
    ]
    texts = {name: (estate.home.folder / name).read_text() for name in names}
    run = json.loads(texts["a.json"])["run"]
    assert json.loads(texts["a.jsonl"].splitlines()[0])["run"] == run
    assert json.loads(texts["a.ocsf.jsonl"])["metadata"]["correlation_uid"] == run
    assert json.loads(texts["a.sarif"])["runs"][0]["automationDetails"]["guid"] == run
    assert '<failure type="user-not-covered" message="administrator alice in 123456789012 can act' in texts["a.xml"]
    assert texts["a"].startswith("USER ")
    assert len(estate.aws.calls("ListVirtualMFADevices")) == 1


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--format", "json", "--output", "a", "--output", "b"), "--format is for one report"),
        (("--output", "a.json", "--output", "a.json"), "--output a.json is the same file as --output a.json"),
    ],
)
def test_files_that_do_not_go_together(estate: Estate, words: tuple[str, ...], said: str) -> None:
    """Reported before AWS is asked."""
    estate.aws.forget_calls()
    done = estate.home.run("policy", "audit", *words)
    assert (done.returncode, done.stdout, estate.aws.calls()) == (2, "", [])
    assert said in done.stderr


def test_a_file_that_cannot_be_written(estate: Estate) -> None:
    """Reported before anything is asked of AWS."""
    estate.aws.forget_calls()
    done = estate.home.run("policy", "audit", "--output", "/proc/nowhere/report")
    assert done.returncode == 7
    assert estate.aws.calls() == []


def test_progress_is_for_terminals(estate: Estate) -> None:
    """A bar on stderr while it is a terminal that can draw, gone at the end; none in a log."""
    estate.aws.faults.add("GetAccountAuthorizationDetails", "delay", seconds=1.0)
    with seat(estate.home, "mfasession", "policy", "audit") as sitting:
        sitting.see("asking IAM")
        sitting.end()
        assert re.search(r"alice +no", sitting.shown)
    assert "asking IAM" not in estate.home.run("policy", "audit").stderr


# What goes wrong


@pytest.mark.parametrize(
    ("denied", "still", "unknown"),
    [
        ("GenerateCredentialReport", {"covered": False, "mfa": True}, ("password", "access_keys")),
        ("GetCredentialReport", {"covered": False, "mfa": True}, ("password", "access_keys")),
        ("ListVirtualMFADevices", {"covered": False, "mfa": True, "password": False}, ()),
        ("GetAccountAuthorizationDetails", {"mfa": True, "password": False}, ("covered", "administrator")),
    ],
)
def test_a_permission_that_is_missing(
    estate: Estate, denied: str, still: dict[str, Any], unknown: tuple[str, ...]
) -> None:
    """It is named, and what can be read is reported."""
    estate.forbid(denied)
    done = estate.home.run("policy", "audit", "--format", "json")
    report = json.loads(done.stdout)
    assert report["accounts"][0]["missing_permissions"] == [f"iam:{denied}"]
    alice = users(report)["alice"]
    assert {name: alice[name] for name in still} == still
    assert all(alice[name] is None for name in unknown)
    assert f"not allowed, and so not in the report: iam:{denied}\n" in done.stderr
    assert done.returncode == (4 if "covered" in unknown else 1)


def test_a_report_that_is_being_made(estate: Estate) -> None:
    """AWS takes its time: it is waited for, and its rows are there."""
    estate.aws.delay_report(3)
    assert users(audited(estate.home))["alice"]["password"] is False
    assert len(estate.aws.calls("GenerateCredentialReport")) == 4


def test_devices_that_may_not_be_listed(estate: Estate) -> None:
    """That there is one is known from the report; which one is not."""
    estate.forbid("ListVirtualMFADevices", "ListMFADevices")
    assert re.search(r"^alice .* some ", estate.home.run("policy", "audit").stdout, re.MULTILINE)
    alice = users(audited(estate.home))["alice"]
    assert (alice["mfa"], alice["devices"]) == (True, None)


def test_nothing_may_be_read(estate: Estate) -> None:
    """Exit code 4, and all that is missing in one line."""
    estate.forbid("GetAccountAuthorizationDetails", "GenerateCredentialReport")
    done = estate.home.run("policy", "audit")
    assert (done.returncode, done.stdout) == (4, "")
    assert done.stderr == complaint(
        "nothing may be read of account 123456789012: iam:GenerateCredentialReport, "
        "iam:GetAccountAuthorizationDetails denied",
        "attach AWS's policy SecurityAudit, or name another profile with -p",
    )


def test_throttled(estate: Estate) -> None:
    """Asked again until AWS answers."""
    for action in ("GetAccountAuthorizationDetails", "GenerateCredentialReport", "ListVirtualMFADevices"):
        estate.aws.faults.add(action, "throttle", times=2)
    assert users(audited(estate.home))["alice"]["mfa"] is True


def test_ctrl_c_does_not_wait_for_aws(estate: Estate) -> None:
    """Exit code 130 while the threads still read."""
    seconds = 18.0  # less than the limit of one request
    estate.aws.faults.add("GetAccountAuthorizationDetails", "delay", seconds=seconds)
    audit = subprocess.Popen(
        [MFASESSION, "policy", "audit"], env=estate.home.environ, stderr=subprocess.PIPE, text=True, process_group=0
    )
    wait_for(lambda: not estate.aws.faults.pending())
    began = time.monotonic()
    audit.send_signal(signal.SIGINT)
    assert audit.communicate(timeout=scaled(30))[1] == "mfasession: interrupted\n"
    assert audit.returncode == 130
    assert time.monotonic() - began < seconds / 2


def test_a_large_account_takes_no_more_room(estate: Estate) -> None:
    """A thousand users more are read page by page: the room is that of policies and of one page."""
    few = peak(estate)
    for number in range(1000):
        estate.user(f"user{number:04}", ALLOW_ALL, DENY_ALL_WITHOUT_MFA)
    assert peak(estate) - few < 32_000


def peak(estate: Estate) -> int:
    """The most memory that the audit has, in kB."""
    process = subprocess.Popen(
        [MFASESSION, "policy", "audit"],
        env=estate.home.environ,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    assert process.returncode == 1
    return usage.ru_maxrss


def test_pages(estate: Estate) -> None:
    """More users, policies and devices than one answer holds."""
    for number in range(520):
        user = estate.user(f"user{number:03}", DENY_ALL_WITHOUT_MFA)
        user.add_device(f"device{number:03}")
    for number in range(120):
        estate.aws.add_policy(f"Policy{number:03}", ALLOW_ALL)
    estate.aws.forget_calls()
    found = users(audited(estate.home))
    assert len(found) == 521
    assert all(user["covered"] and user["mfa"] for name, user in found.items() if name != "alice")
    assert len(estate.aws.calls("GetAccountAuthorizationDetails")) == 4
    assert len(estate.aws.calls("ListVirtualMFADevices")) == 2
