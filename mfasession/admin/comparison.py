"""Compares two JSON reports of `policy audit`: who lost cover, who gained it, and what else changed.

Values in, values out. Users are compared by their ARN; those of an account that one of the reports lacks are left out.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from mfasession.values import Value

LOST, UNKNOWN, NEW_OPEN = "lost cover", "cover not known", "new and not covered"
GAINED, NEW, GONE, CHANGED = "gained cover", "new", "gone", "changed"
ORDER = (LOST, UNKNOWN, NEW_OPEN, GAINED, NEW, GONE, CHANGED)
"""The kinds of changes, the worst first."""
IS_LOSS = (LOST, UNKNOWN)
"""Changes of users who were covered and are not, as far as is known."""
_FIELDS = ("administrator", "mfa", "password", "works_with_mfa", "open_without_mfa", "covered_by", "exception")
"""What is compared besides cover; a report of an older version may lack some."""

User = Mapping[str, Any]


class Report(Value):
    """A report: when it was written, the accounts that were read, their users by their ARN."""

    generated: str
    accounts: frozenset[str]
    users: Mapping[str, User]


class Change(Value):
    """The change of one user; `kind` is one of ORDER. None stands for the report that lacks the user."""

    kind: str
    before: User | None
    after: User | None
    fields: tuple[str, ...] = ()
    """The names of the fields that differ."""

    @property
    def user(self) -> User:
        """The user, as last seen."""
        return self.after or self.before or {}


def read(text: str) -> Report:
    """Read a report. Raises ValueError for anything else."""
    try:
        tree = json.loads(text)
        users = {_text(user, "arn"): user for user in tree["users"] if _text(user, "account") and _text(user, "user")}
        accounts = frozenset(_text(each, "account") for each in tree["accounts"] if not each.get("failure"))
        return Report(generated=_text(tree, "generated"), accounts=accounts, users=users)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        raise ValueError("not a report of mfasession policy audit --format json") from None


def changes(old: Report, new: Report) -> list[Change]:
    """Return the changes, the worst kind first, then by account and user."""
    found = [change for arn in {**old.users, **new.users} if (change := _change(arn, old, new)) is not None]
    return sorted(found, key=lambda each: (ORDER.index(each.kind), each.user["account"], each.user["user"]))


def only_in_one(old: Report, new: Report) -> tuple[Sequence[str], Sequence[str]]:
    """Return the accounts that only the old report has, and those that only the new one has."""
    return sorted(old.accounts - new.accounts), sorted(new.accounts - old.accounts)


def line(change: Change) -> tuple[str, str, str, str]:
    """Return the cells of a change: its kind, the account, the user, and what changed."""
    return change.kind, change.user["account"], change.user["user"], "; ".join(_words(change))


def record(change: Change) -> Mapping[str, Any]:
    """Return a change for JSON."""
    user = change.user
    names = ("account", "user", "arn")
    return {
        "change": change.kind,
        **{name: user[name] for name in names},
        "fields": change.fields,
        "before": change.before,
        "after": change.after,
    }


def _change(arn: str, old: Report, new: Report) -> Change | None:
    before, after = old.users.get(arn), new.users.get(arn)
    if before is None and after is not None:
        if after["account"] not in old.accounts:
            return None
        return Change(kind=NEW if after.get("covered") else NEW_OPEN, before=None, after=after)
    if before is not None and after is None:
        return Change(kind=GONE, before=before, after=None) if before["account"] in new.accounts else None
    if before is None or after is None:
        return None
    fields = tuple(name for name in ("covered", *_FIELDS) if before.get(name) != after.get(name))
    if not fields:
        return None
    kind = CHANGED
    if "covered" in fields:
        kind = GAINED if after.get("covered") else CHANGED
        if before.get("covered"):
            kind = UNKNOWN if after.get("covered") is None else LOST
    return Change(kind=kind, before=before, after=after, fields=fields)


def _words(change: Change) -> Iterator[str]:
    """What changed, in words."""
    before, after = change.before or {}, change.after or {}
    if after and not after.get("covered"):
        yield f"open: {_listed(after.get('open_without_mfa'))}"
    if change.kind in IS_LOSS:
        yield f"was covered by {_listed(before.get('covered_by'))}"
    if change.kind in (GAINED, NEW):
        yield f"covered by {_listed(after.get('covered_by'))}"
    for name in change.fields:
        if name in ("administrator", "mfa", "password", "works_with_mfa"):
            yield f"{_NAMES[name]}: {_word(before.get(name))} -> {_word(after.get(name))}"
        elif name == "covered_by" and change.kind == CHANGED and after.get("covered"):
            yield f"covered by {_listed(before.get(name))} -> {_listed(after.get(name))}"
        elif name == "open_without_mfa" and change.kind == CHANGED:
            yield f"before: {_listed(before.get(name))}"
        elif name == "exception":
            yield "an exception was added" if after.get(name) else "the exception was taken away"
        elif name == "covered" and change.kind == CHANGED:
            yield f"covered: {_word(before.get(name))} -> {_word(after.get(name))}"


_NAMES = {"administrator": "administrator", "mfa": "MFA device", "password": "password",
          "works_with_mfa": "works with MFA"}  # fmt: skip


def _word(value: object) -> str:
    return {True: "yes", False: "no"}.get(value if isinstance(value, bool) else None, "not known")  # type: ignore[arg-type]


def _listed(names: object) -> str:
    return ", ".join(map(str, names)) if isinstance(names, list) and names else "nothing"


def _text(tree: Any, name: str) -> str:
    """A text of a report. Raises ValueError, KeyError, TypeError."""
    value = tree[name]
    if not isinstance(value, str):
        raise ValueError(name)  # noqa: TRY004  # of a file, not of code
    return value
