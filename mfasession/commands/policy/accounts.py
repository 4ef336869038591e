"""The accounts that `policy audit` reads: the caller's own, those that are listed, or those of the organization."""

import re
from typing import TYPE_CHECKING

from mfasession.commands.policy.credentials import AmbientFlags
from mfasession.errors import ConfigurationError, UsageError
from mfasession.files import inputs
from mfasession.messages import complain
from mfasession.text import printable

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable, Sequence

    from mfasession.admin.exceptions import Entry
    from mfasession.aws.member_accounts import Member

NAMED = 20
"""The most accounts that are left out and named."""
MOST_AT_ONCE = 32
_PARENT = re.compile(r"ou-[0-9a-z]{4,32}-[0-9a-z]{8,32}|r-[0-9a-z]{4,32}", re.ASCII)
"""IDs of OUs and roots (Organizations API Reference, ListAccountsForParent)."""


class AccountFlags(AmbientFlags):
    """The flags that name accounts."""

    accounts: str = ""
    organization: bool = False
    units: "Sequence[str]" = ()
    role_name: str = ""
    parallel: int = 8
    resume: str = ""


def add_arguments(parser: "argparse.ArgumentParser") -> None:
    """Add the flags that name accounts."""
    parser.add_argument(
        "--accounts", metavar="LIST", help="other accounts: numbers separated by commas, or a file with one per line"
    )
    parser.add_argument("--organization", action="store_true", help="all active accounts of the organization")
    parser.add_argument(
        "--ou", dest="units", metavar="ID", action="append", help="only those below this OU or root; may be repeated"
    )
    parser.add_argument("--role-name", metavar="NAME", help="the role to assume in each of them")
    parser.add_argument("--parallel", type=_parallel, metavar="N", help="how many accounts are read at once (8)")
    parser.add_argument(
        "--resume", metavar="FILE", help="keep finished accounts in FILE, and continue from it if a run was cut off"
    )


def exceptions(file: str) -> "tuple[Entry, ...]":
    """Return the known exceptions of a file; none without one. Raises ConfigurationError."""
    if not file:
        return ()
    from mfasession.admin.exceptions import read

    text = inputs.read(file)
    if text is None:
        raise ConfigurationError(f"there is no file {printable(file)}", "name a TOML file of [[exception]] tables")
    try:
        return read(text)
    except ValueError as error:
        raise ConfigurationError(
            f"{printable(file)}: {error}", "each has user, account, reason, owner and until = 2027-03-31"
        ) from None


def check(flags: AccountFlags) -> None:
    """Raise UsageError for flags that do not go together."""
    if flags.accounts and flags.organization:
        raise UsageError("--accounts and --organization do not go together", "leave one of them out")
    if flags.units and not flags.organization:
        raise UsageError("--ou goes with --organization", "--organization --ou ou-ab12-11112222 --role-name auditor")
    if wrong := next((each for each in flags.units if not _PARENT.fullmatch(each)), ""):
        raise UsageError(f"{printable(wrong)} is not the ID of an OU or a root", "as in --ou ou-ab12-11112222")
    is_several = bool(flags.accounts or flags.organization)
    if is_several != bool(flags.role_name):
        which = "--organization" if flags.organization else "--accounts"
        numbers = "" if flags.organization else " 111111111111"
        raise UsageError(f"{which} and --role-name go together", f"{which}{numbers} --role-name auditor")
    if flags.resume and not is_several:
        raise UsageError("--resume goes with --accounts or --organization", "leave it out: one account is read anew")


def listed(flags: AccountFlags) -> list[str]:
    """Return the accounts of `--accounts`, each once; none without it. Raises ConfigurationError."""
    if not flags.accounts:
        return []
    named = _numbers(flags.accounts.replace(",", "\n"))
    if named is None:
        text = inputs.read(flags.accounts)
        if text is None:
            raise ConfigurationError(
                f"there is no file {flags.accounts}", "or name the accounts: --accounts 111111111111,222222222222"
            )
        named = _numbers(text)
    if not named:
        raise ConfigurationError(
            f"{flags.accounts} is not a list of accounts", "one per line, of twelve digits; text after # is ignored"
        )
    return list(dict.fromkeys(named))


def of_organization(flags: AccountFlags, members: "Callable[[Sequence[str]], list[Member]]") -> list[str]:
    """Return the active accounts; the others are named on stderr. Raises ConfigurationError when there are none."""
    found = members(flags.units)
    if out := [each for each in found if not each.is_active]:
        named = ", ".join(f"{each.id} ({printable(each.state.lower().replace('_', ' '))})" for each in out[:NAMED])
        more = f" and {len(out) - NAMED} more" if len(out) > NAMED else ""
        complain(f"left out, because not active: {named}{more}")
    active = [each.id for each in found if each.is_active]
    if not active:
        raise ConfigurationError("there is no active account there", "name another OU, or leave --ou out")
    return active


def _parallel(text: str) -> int:
    if not (text.isascii() and text.isdigit() and 1 <= int(text) <= MOST_AT_ONCE):
        raise UsageError(f"--parallel must be from 1 to {MOST_AT_ONCE}", "as in --parallel 8")
    return int(text)


def _numbers(text: str) -> list[str] | None:
    """The account numbers in a text, one a line; None when a line is something else."""
    lines = [line.partition("#")[0].strip() for line in text.splitlines()]
    numbers = [line for line in lines if line]
    return numbers if all(re.fullmatch(r"[0-9]{12}", number) for number in numbers) else None
