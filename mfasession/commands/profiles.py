"""`mfasession profiles`: every profile, what it is, and its session. Asks neither AWS nor the user."""

import json
import sys
import time
from typing import TYPE_CHECKING

from mfasession import timestamps
from mfasession.commands import tables
from mfasession.messages import complain, say, time_left
from mfasession.profiles import faults, listing
from mfasession.values import Value

if TYPE_CHECKING:
    import argparse
    from collections.abc import Mapping, Sequence

    from mfasession.commands import CommandContext
    from mfasession.commands.status import Row
    from mfasession.profiles.listing import Listed

SUMMARY = "List profiles: what each is, its account, region, device and session"
EXAMPLES = (
    ("mfasession profiles", "list all profiles of the AWS files and of config.toml"),
    ("mfasession profiles -p work", "show one profile"),
    ("mfasession profiles --json", "print them for scripts"),
)


class Flags(Value):
    """The flags of `profiles`."""

    json: bool = False


def add_arguments(parser: "argparse.ArgumentParser") -> None:
    """Add the flags of the command."""
    parser.add_argument("--json", action="store_true", help="print a JSON array, for scripts")


def run(context: "CommandContext", flags: Flags) -> int:
    """Print the profiles. Raises ConfigurationError: no profile has the name given with -p."""
    from mfasession.commands import status

    found = _found(context)
    rows, failures = status.stored(context)
    by_section = {row.section: row for row in reversed(rows)}
    now = time.time()
    if flags.json:
        sys.stdout.write(json.dumps([_record(each, by_section, now) for each in found], indent=2) + "\n")
    elif found:
        sys.stdout.write(_table(found, by_section, now))
    else:
        say(f"no profiles; {context.command_line('keys', 'add')} makes one")
    sys.stdout.flush()
    for failure in failures:
        complain(failure.message, failure.hint)
    if not flags.json:
        for each in found:
            if each.problem is not None:
                complain(each.problem.message, each.problem.hint)
    return 0


def _found(context: "CommandContext") -> "list[Listed]":
    name = context.options.profile
    found = listing.profiles(context.aws_files, context.config)
    named = [each for each in found if each.name == name]
    if name and not named:
        raise faults.no_such_profile(name, context.aws_files)
    return named or found


def _table(found: "Sequence[Listed]", rows: "Mapping[str, Row]", now: float) -> str:
    lines = []
    for each in found:
        row = _session(each, rows)
        account, device = _account(each, row) or "-", _device(each, row).rpartition(":mfa/")[2] or "-"
        lines.append((each.name, listing.shown_kind(each), account, each.region or "-", device, _left(row, now)))
    return tables.fitting(("profile", "kind", "account", "region", "MFA device", "session"), lines)


def _record(each: "Listed", rows: "Mapping[str, Row]", now: float) -> dict[str, object]:
    row = _session(each, rows)
    return {
        "profile": each.name,
        "kind": each.kind,
        "of": each.of or None,
        "account": _account(each, row) or None,
        "region": each.region or None,
        "mfa_serial": _device(each, row) or None,
        "role_arn": each.role_arn or None,
        "store": row.store if row else None,
        "expiration": timestamps.show(row.session.expires) if row else None,
        "seconds_left": max(int(row.session.expires - now), 0) if row else None,
        "problem": each.problem.message if each.problem else None,
    }


def _session(each: "Listed", rows: "Mapping[str, Row]") -> "Row | None":
    """Return the stored session of a profile; none that was made with another key, device or role."""
    row = rows.get(each.session_section)
    return row if row is not None and each.may_use(row.session) else None


def _account(each: "Listed", row: "Row | None") -> str:
    from mfasession.commands.status import account

    return each.account or (account(row.session) if row else "")


def _device(each: "Listed", row: "Row | None") -> str:
    return each.mfa_serial or (row.session.mfa_serial if row else "")


def _left(row: "Row | None", now: float) -> str:
    if row is None:
        return "-"
    return f"{time_left(row.session.expires, now)} left" if row.session.expires > now else "expired"
