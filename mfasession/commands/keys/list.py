"""`mfasession keys list`: long-term keys, where they are, how old they are and when they were last used."""

import json
import os
import sys
import time
from typing import TYPE_CHECKING

from mfasession import timestamps
from mfasession.commands.keys.common import day, status_of
from mfasession.keys import list as list_keys
from mfasession.messages import complain, say
from mfasession.stores.keyrings.backend import KeyringAbsent
from mfasession.text import in_columns
from mfasession.values import Value

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence

    from mfasession.aws.access_keys import AccessKey
    from mfasession.commands import CommandContext
    from mfasession.errors import ConfigurationError
    from mfasession.keys.list import Listing, Row

SUMMARY = "List long-term keys: where they are, their age and last use"


class Flags(Value):
    """The flags of `keys list`."""

    json: bool = False


def add_arguments(parser: "argparse.ArgumentParser") -> None:
    """Add the flags of the action."""
    parser.add_argument("--json", action="store_true", help="print a JSON array, for scripts")


def run(context: "CommandContext", flags: Flags) -> int:
    """Print the keys; 1 when the profile named with -p has none."""
    found, now = list_keys.listing(context), time.time()
    if flags.json:
        sys.stdout.write(json.dumps([_record(row, found.unsafe, now) for row in found.rows], indent=2) + "\n")
    elif found.rows:
        sys.stdout.write(_table(found.rows, now))
    sys.stdout.flush()
    for problem in found.unsafe:
        complain(problem.message, problem.hint)
    if found.aws is not None:
        complain(f"AWS did not report ages: {found.aws.message}", found.aws.hint)
    if isinstance(found.keyring, KeyringAbsent):
        say(f"{found.keyring.message}: no key in it is shown")
    elif found.keyring is not None:
        raise found.keyring
    return _answer(context, found, flags)


def _answer(context: "CommandContext", found: "Listing", flags: Flags) -> int:
    name = context.options.profile
    if not found.rows and name:
        complain(f"profile {name} has no long-term key", context.command_line("keys", "add"))
        return 1
    if not found.rows:
        say(f"no long-term keys; {context.command_line('keys', 'add')} keeps one")
    elif any(row.user_keys is None and row.key_id for row in found.rows) and found.aws is None and not flags.json:
        say(f"age and last use are shown while there is a session: {context.command_line('login')}")
    return 0


def _table(rows: "Sequence[Row]", now: float) -> str:
    lines = [("PROFILE", "ACCESS KEY", "USER", "WHERE", "STATUS", "AGE", "LAST USED", "")]
    for row in rows:
        user_keys, known = row.user_keys, _known(row)
        lines.append(
            (
                row.profile or "-",
                row.key_id or "-",
                f"{user_keys.user} in {user_keys.account}" if user_keys else "-",
                row.store or "not here",
                status_of(known) if known else "not at AWS" if user_keys else "-",
                f"{int(now - known.created) // 86400} d" if known else "-",
                _use(row),
                row.note,
            )
        )
    backends = dict.fromkeys(row.backend for row in rows if row.backend)
    return in_columns(lines) + "".join(f"the keyring is {name}\n" for name in backends)


def _record(row: "Row", unsafe: "Sequence[ConfigurationError]", now: float) -> dict[str, object]:
    user_keys, known = row.user_keys, _known(row)
    used = user_keys.last_used.get(row.key_id) if user_keys else None
    problem = next((each.message for each in unsafe if row.path and each.message.startswith(row.path)), None)
    return {
        "profile": row.profile or None,
        "access_key_id": row.key_id or None,
        "store": row.store or None,
        "backend": row.backend or None,
        "path": row.path if os.path.isabs(row.path) else None,
        "problem": problem or row.note or None,
        "user": user_keys.user if user_keys else None,
        "account": user_keys.account if user_keys else None,
        "in_aws": bool(known) if user_keys else None,
        "active": known.is_active if known else None,
        "created": timestamps.show(known.created) if known else None,
        "age_days": int(now - known.created) // 86400 if known else None,
        "ever_used": None if used is None else used > 0,
        "last_used": timestamps.show(used) if used else None,
    }


def _known(row: "Row") -> "AccessKey | None":
    return row.user_keys.keys.get(row.key_id) if row.user_keys else None


def _use(row: "Row") -> str:
    used = row.user_keys.last_used.get(row.key_id) if row.user_keys else None
    return "-" if used is None else day(used) if used else "never"
