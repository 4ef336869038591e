"""What `policy audit` says on stderr of accounts: which were not read, and what is missing or wrong in others."""

from typing import TYPE_CHECKING

from mfasession.messages import complain, say

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from mfasession.admin.audit_many import AuditedAccount
    from mfasession.admin.exceptions import Entry
    from mfasession.admin.findings import Account

NAMED = 20
"""The most accounts for which the same is said; the report has all of them."""


def say_lacking(audited: "Sequence[AuditedAccount]") -> None:
    """Print it, account by account."""
    said: dict[str, int] = {}
    for each in audited:
        for kind, message, hint in _lines(each, is_one=len(audited) == 1):
            said[kind] = said.get(kind, 0) + 1
            if said[kind] <= NAMED:
                complain(message, hint)
    for kind, count in said.items():
        if count > NAMED:
            say(f"{kind}: {count - NAMED} more, which the report has")


def say_exceptions(states: "Sequence[tuple[Entry, str]]") -> bool:
    """Print the exceptions that have ended or are not needed; return whether any has ended."""
    from mfasession.admin import exceptions

    for entry, state in states:
        if state == exceptions.EXPIRED:
            complain(exceptions.line(entry, state), "cover the user, or agree on a new last day with the owner")
        elif state != exceptions.IN_USE:
            say(exceptions.line(entry, state))
    return any(state == exceptions.EXPIRED for _, state in states)


def _lines(each: "AuditedAccount", *, is_one: bool) -> "Iterator[tuple[str, str, str]]":
    """The lines about an account: their kind, a message and a hint."""
    if each.failure is not None and not is_one:
        yield "accounts that were not read", f"{each.account}: {each.failure.message}", each.failure.hint
    elif each.found is not None:
        yield from _about(each.found)


def _about(account: "Account") -> "Iterator[tuple[str, str, str]]":
    name = f"account {account.id}"
    if account.missing:
        yield (
            "accounts that were not read whole",
            f"{name}: not allowed, and so not in the report: {', '.join(account.missing)}",
            "AWS's policy SecurityAudit allows all of it",
        )
    for note in account.notes:
        yield "notes", f"{name}: {note}", ""
    if account.root_has_device is False:
        yield (
            "root users without an MFA device",
            f"{name}: the root user has no MFA device",
            "sign in as root: Security credentials",
        )
    if account.root_keys:
        yield (
            "root users with long-term keys",
            f"{name}: the root user has long-term keys",
            "delete them in the console",
        )
