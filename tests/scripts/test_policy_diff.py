"""`mfasession policy diff`: what changed between two reports of an audit."""

import json
from typing import Any

import pytest

from mfasession.policy.rule import ALLOW_ALL, DENY_ALL_WITHOUT_MFA
from tests.helpers.auditing import Estate
from tests.helpers.support import Home


def user(name: str, *, covered: bool | None = True, account: str = "111111111111", **fields: Any) -> dict[str, Any]:
    """A user of a report."""
    whole = {
        "account": account,
        "user": name,
        "arn": f"arn:aws:iam::{account}:user/{name}",
        "covered": covered,
        "covered_by": ["group staff"] if covered else [],
        "open_without_mfa": [] if covered else ["s3:*"],
        "administrator": False,
        "works_with_mfa": True,
        "mfa": True,
        "password": False,
    }
    return whole | fields


def write(home: Home, name: str, *users: dict[str, Any], day: int = 1, failed: tuple[str, ...] = ()) -> None:
    """Write a report."""
    accounts = [{"account": each} for each in sorted({each["account"] for each in users})]
    tree = {
        "generated": f"2026-11-{day:02}T00:00:00Z",
        "accounts": [*accounts, *({"account": each, "failure": "AWS denied AssumeRole"} for each in failed)],
        "users": users,
    }
    (home.folder / name).write_text(json.dumps(tree))


def test_two_audits(estate: Estate) -> None:
    """A policy that is taken away and one that is added: who is behind them, and the exit code."""
    for name in ("bob", "carol", "same"):
        estate.user(name, ALLOW_ALL, DENY_ALL_WITHOUT_MFA)
    estate.iam.delete_user_policy(UserName="carol", PolicyName=rule_of(estate, "carol"))
    estate.home.run("policy", "audit", "--format", "json", "--output", "old.json")
    estate.iam.delete_user_policy(UserName="bob", PolicyName=rule_of(estate, "bob"))
    estate.aws.users[[each.name for each in estate.aws.users].index("carol")].put_policy("Rule", DENY_ALL_WITHOUT_MFA)
    estate.home.run("policy", "audit", "--format", "json", "--output", "new.json")
    done = estate.home.run("policy", "diff", "old.json", "new.json")
    assert done.stdout.splitlines() == [
        "lost cover    123456789012  bob    open: *; was covered by directly",
        "gained cover  123456789012  carol  covered by directly",
    ]
    assert (done.returncode, done.stderr) == (1, "mfasession: 1 lost cover, 1 gained cover\n")
    done = estate.home.run("policy", "diff", "new.json", "new.json")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "mfasession: no user changed\n")


def rule_of(estate: Estate, name: str) -> str:
    """The name of a user's policy that denies."""
    names = estate.iam.list_user_policies(UserName=name)["PolicyNames"]
    texts = {each: estate.iam.get_user_policy(UserName=name, PolicyName=each)["PolicyDocument"] for each in names}
    found: str = next(each for each, text in texts.items() if "Deny" in json.dumps(text))
    return found


def test_every_kind_of_change(home: Home) -> None:
    """The worst first; an account that one report lacks is named, and its users are neither new nor gone."""
    write(
        home, "old", user("lost"), user("unsure"), user("gained", covered=False), user("gone"), user("moved"),
        user("left", account="222222222222"), user("wider", covered=False),
    )  # fmt: skip
    write(
        home, "new", user("lost", covered=False), user("unsure", covered=None), user("gained"), user("dave"),
        user("erin", covered=False), user("moved", administrator=True, mfa=False, covered_by=["directly"]),
        user("other", account="333333333333"), user("wider", covered=False, open_without_mfa=["*"]), day=2,
        failed=("222222222222",),
    )  # fmt: skip
    done = home.run("policy", "diff", "old", "new")
    assert [line.split("  111111111111  ") for line in done.stdout.splitlines()] == [
        ["lost cover         ", "lost    open: s3:*; was covered by group staff"],
        ["cover not known    ", "unsure  open: s3:*; was covered by group staff"],
        ["new and not covered", "erin    open: s3:*"],
        ["gained cover       ", "gained  covered by group staff"],
        ["new                ", "dave    covered by group staff"],
        ["gone               ", "gone"],
        [
            "changed            ",
            "moved   administrator: no -> yes; MFA device: yes -> no; covered by group staff -> directly",
        ],
        ["changed            ", "wider   open: *; before: s3:*"],
    ]
    assert done.returncode == 1
    assert "not read in new, and so not compared: 222222222222\n" in done.stderr
    assert "not read in old, and so not compared: 333333333333\n" in done.stderr
    tree = json.loads(home.run("policy", "diff", "old", "new", "--format", "json").stdout)
    assert [(each["change"], each["user"]) for each in tree["changes"]][:2] == [
        ("lost cover", "lost"), ("cover not known", "unsure"),
    ]  # fmt: skip
    assert (tree["old"], tree["new"]) == ("2026-11-01T00:00:00Z", "2026-11-02T00:00:00Z")
    assert tree["changes"][0]["before"]["covered_by"] == ["group staff"]


def test_new_users_are_no_loss(home: Home) -> None:
    """Exit code 0: the audit says that they are open."""
    write(home, "old", user("same"))
    write(home, "new", user("same"), user("open", covered=False), day=2)
    done = home.run("policy", "diff", "-", "new", stdin=(home.folder / "old").read_text())
    assert (done.returncode, done.stdout.split("  ")[0]) == (0, "new and not covered")


@pytest.mark.parametrize(
    ("text", "code", "said"),
    [
        ("{", 3, "odd is not a report of mfasession policy audit --format json"),
        ('{"users": [{"arn": 1}], "accounts": [], "generated": ""}', 3, "odd is not a report"),
        ('{"users": [7], "accounts": [], "generated": ""}', 3, "odd is not a report"),
        ('{"users": [], "accounts": [], "generated": "2027"}', 2, "odd is newer than new"),
        ("[" * 100_000, 3, "odd is not a report"),
    ],
)
def test_files_that_are_not_reports(home: Home, text: str, code: int, said: str) -> None:
    """In one line with a hint."""
    (home.folder / "odd").write_text(text)
    write(home, "new", user("same"))
    done = home.run("policy", "diff", "odd", "new")
    assert (done.returncode, done.stdout) == (code, "")
    assert said in done.stderr
    assert "  hint: " in done.stderr
