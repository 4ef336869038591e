"""The findings of an audit: a row for each user, totals, and the controls.

Values in, values out, one user at a time: the memory for an account of any size is that of its policies.
"""

import json
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from mfasession.admin.organization import Levels, Limits
from mfasession.aws.model import Credentials, Group, KeyUse, User
from mfasession.policy import Malformed, Verdict, allow_all, coverage
from mfasession.values import Value

DAY = 86400
OLD = 90
"""Whole days after which a key is old: CIS AWS Foundations 3.0 1.14, 7.0 2.12, access keys are rotated in 90 days."""
NAMED = 20
"""The most uncovered administrators that are named."""
UNKNOWN_BY_SCP = "unknown by SCP"
"""In place of what covers a user: without a service control policy they are open, and these could not be read."""
_ANYTHING = json.dumps(allow_all())


class KnownException(Value):
    """Why a user who is not covered is open on purpose, who answers for it, and the last day, as in `2027-03-31`."""

    reason: str
    owner: str
    until: str


class Row(Value):
    """A user. None stands for values that could not be read."""

    account: str
    user: str
    arn: str
    covered: bool | None = None
    by: tuple[str, ...] = ()
    open: tuple[str, ...] = ()
    admin: bool | None = None
    works_with_mfa: bool | None = None
    devices: tuple[str, ...] | None = None
    """Serial numbers or ARNs."""
    has_device: bool | None = None
    has_password: bool | None = None
    password_used: int | None = None
    keys: tuple[KeyUse, ...] | None = None
    exception: KnownException | None = None
    """The exception in force; set for the report only."""

    @property
    def verdict(self) -> str:
        """`covered`, `not covered`, `not known`, or `excepted`: open with an exception in force."""
        if self.exception is not None:
            return "excepted"
        return {True: "covered", False: "not covered", None: "not known"}[self.covered]


class Account(Value):
    """An account's data besides its users."""

    id: str
    users: int = 0
    missing: tuple[str, ...] = ()
    """Permissions that were missing, as in `iam:GetCredentialReport`."""
    notes: tuple[str, ...] = ()
    """Other data that was not read, with the reason."""
    failure: str = ""
    """Why nothing was read."""
    read: int = 0
    """When it was read, in epoch seconds; 0 if it was not."""
    read_as: str = ""
    """The ARN of who has read it."""
    ambient: str = ""
    """The source of their credentials, as in `web identity`; empty for an MFA session of mfasession."""
    read_again: bool = False
    """Whether AWS may give next time what is lacking: it throttled calls, or had no report yet."""
    root_has_device: bool | None = None
    root_keys: int | None = None
    """Active long-term keys of the root user."""
    policies: tuple[str, ...] = ()
    """The service control policies that were evaluated, as in `NeedMfa of OU Workloads/Prod`."""
    organization: str = ""
    """The ID of the organization; empty if it was not read."""
    unit: str = ""
    """The ID of the OU or root that it is in."""
    path: str = ""
    """The names from the root to that OU, as in `root/Workloads/Prod`."""


class Rules:
    """The managed policies and groups of an account, each stored once."""

    def __init__(self, listed: Iterable[tuple[str, str] | Group], limits: Limits | None = None) -> None:
        """`limits`: the account's service control policies."""
        self._limits = limits or Limits()
        self._texts: dict[str, str] = {}
        self._groups: dict[str, Group] = {}
        for each in listed:
            if isinstance(each, Group):
                self._groups[each.name] = each
            else:
                self._texts[each[0]] = each[1]

    def group(self, name: str) -> Group | None:
        """Return the group of that name."""
        return self._groups.get(name)

    def sources(self, user: User) -> dict[str, tuple[str, ...]]:
        """Return the policies of the user and of the groups, by source."""
        groups = [self._groups[name] for name in user.groups if name in self._groups]
        return {"directly": self._of(user), **{f"group {group.name}": self._of(group) for group in groups}}

    def boundary(self, user: User) -> str | None:
        """Return the boundary of a user. An unknown one counts as no limit (the worst case)."""
        return self._texts.get(user.boundary)

    @property
    def levels(self) -> Levels:
        """The levels of the account's service control policies."""
        return self._limits.levels

    def by_organization(self, user: User) -> tuple[str, ...]:
        """Return the service control policies that cover a user whatever other policies allow. Raises Malformed."""
        return coverage([_ANYTHING], user=user.arn, organization=self.levels).by

    def verdict(self, user: User) -> Verdict | None:
        """Return the verdict on a user's policies; None when AWS would not accept one of them.

        Service control policies only take away: without unread ones, no user is covered who is open with them.
        """
        try:
            found = coverage(
                self.sources(user), user=user.arn, boundary=self.boundary(user), organization=self._limits.levels
            )
        except Malformed:
            return None
        is_open = not found.is_covered and not self._limits.is_complete
        return found.replace(is_covered=None, by=(UNKNOWN_BY_SCP,)) if is_open else found

    def attached(self, arn: str, text: str, group: str) -> "Rules":
        """Return the rules after a policy gets this text and is attached to the group, if one is named."""
        groups = dict(self._groups)
        if group in groups and arn not in groups[group].attached:
            groups[group] = groups[group].replace(attached=(*groups[group].attached, arn))
        return Rules([*{**self._texts, arn: text}.items(), *groups.values()], self._limits)

    def _of(self, holder: User | Group) -> tuple[str, ...]:
        # An unknown policy counts as allowing everything (the worst case).
        attached = (self._texts.get(arn, _ANYTHING) for arn in holder.attached)
        return (*(each.text for each in holder.inline), *attached)


def row(
    account: str,
    user: str,
    arn: str,
    *,
    verdict: Verdict | None,
    credentials: Credentials | None,
    devices: tuple[str, ...] | None,
) -> Row:
    """Return the row of a user."""
    has_device = bool(devices) if devices is not None else credentials.has_device if credentials else None
    fields: dict[str, Any] = {}
    if verdict is not None:
        fields |= {
            "covered": verdict.is_covered,
            "by": verdict.by,
            "open": verdict.open,
            "admin": verdict.is_admin,
            "works_with_mfa": verdict.works_with_mfa,
        }
    if credentials is not None:
        fields |= {
            "has_password": credentials.has_password,
            "password_used": credentials.password_used,
            "keys": credentials.keys,
        }
    return Row(account=account, user=user, arn=arn, devices=devices, has_device=has_device, **fields)


class Control(Value):
    """A control that an auditor checks. `applies` and `is_met` take a row; None means unknown."""

    name: str
    says: str
    applies: Callable[[Row], bool | None]
    is_met: Callable[[Row], bool | None]


CONTROLS = (
    Control(
        name="SOC 2 TSC 2017 CC6.1",
        says="access is restricted: no user can act without a second factor",
        applies=lambda _row: True,
        is_met=lambda row: row.covered,
    ),
    Control(
        name="PCI DSS 4.0.1 8.4.1",
        says="administrators act with a second factor only",
        applies=lambda row: row.admin,
        is_met=lambda row: row.covered,
    ),
    Control(
        name="PCI DSS 4.0.1 8.4.2",
        says="every user acts with a second factor only",
        applies=lambda _row: True,
        is_met=lambda row: row.covered,
    ),
    *(
        Control(
            name=f"CIS AWS Foundations {number}",
            says="every user with a console password has an MFA device",
            applies=lambda row: row.has_password,
            is_met=lambda row: row.has_device,
        )
        for number in ("3.0 1.10", "7.0 2.10")
    ),
)
"""Each with its version, because the numbers change: CIS moved this one from 1.10 to 2.10 with its chapters."""


class Tally(Value):
    """The numbers of users who pass a control, fail it, or are unknown."""

    passed: int
    failed: int
    unknown: int


class Totals:
    """Totals of the rows."""

    def __init__(self, now: float) -> None:
        self._now = now
        self.counts: Counter[str] = Counter()
        self.ages: Counter[str] = Counter()
        """Active keys by their age, as in AGES."""
        self.admins: list[str] = []
        """Administrators who are not covered; NAMED at most."""
        self._controls: dict[tuple[str, str], int] = Counter()

    def add(self, row: Row) -> None:
        """Count a row."""
        self.counts["users"] += 1
        self.counts[row.verdict] += 1
        self.counts["administrators"] += bool(row.admin)
        self.counts["with a device"] += bool(row.has_device)
        if row.has_password and row.has_device is False:
            self.counts["passwords without a device"] += 1
        if row.admin and row.covered is False and not row.exception:
            self.counts["administrators not covered"] += 1
            if len(self.admins) < NAMED:
                self.admins.append(f"{row.user} in {row.account}")
        for key in row.keys or ():
            self._add_key(key)
        for control in CONTROLS:
            self._controls[control.name, outcome(control, row)] += 1

    def tally(self, control: Control) -> Tally:
        """Return the numbers for a control."""
        fields = {name: self._controls[control.name, name] for name in ("passed", "failed", "unknown")}
        return Tally(**fields)

    def _add_key(self, key: KeyUse) -> None:
        if not key.is_active:
            return
        self.counts["active keys"] += 1
        self.ages[age(key, self._now)] += 1
        if key.created is not None and days_since(key.created, self._now) > OLD:
            self.counts["old keys"] += 1


AGES = ("to 90 days", "to 180 days", "to a year", "older", "not known")
"""The age groups of keys."""


def days_since(created: int, now: float) -> int:
    """Return the whole days since a time in epoch seconds: the age of a key in every format."""
    return max(int((now - created) / DAY), 0)


def age(key: KeyUse, now: float) -> str:
    """Return a key's age group, one of AGES."""
    if key.created is None:
        return AGES[-1]
    days = days_since(key.created, now)
    return AGES[0] if days <= OLD else AGES[1] if days <= 180 else AGES[2] if days <= 365 else AGES[3]


def outcome(control: Control, row: Row) -> str:
    """Return whether a user `passed` or `failed` a control, is `unknown`, or `not meant` by it."""
    applies = control.applies(row)
    if applies is False:
        return "not meant"
    met = control.is_met(row) if applies else None
    return "unknown" if met is None else "passed" if met else "failed"


def record(row: Row) -> Mapping[str, Any]:
    """Return a row for JSON, which `restored` reads."""
    return {**vars(row), "keys": None if row.keys is None else [vars(key) for key in row.keys]}


_SEVERAL = ("by", "open", "devices")
"""The fields of a row that are lists in JSON, besides its keys."""


def restored(kept: Mapping[str, Any]) -> Row:
    """Return the row from `record`."""
    fields = dict(kept)
    for name in _SEVERAL:
        if fields.get(name) is not None:
            fields[name] = tuple(fields[name])
    if fields.get("keys") is not None:
        fields["keys"] = tuple(KeyUse(**key) for key in fields["keys"])
    return Row(**fields)
