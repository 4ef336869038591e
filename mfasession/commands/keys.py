"""`mfasession keys add, list, rotate, protect, remove`: long-term keys, out of plain text and never too old."""

import os
import shutil
import sys
import time
from shlex import quote
from typing import TYPE_CHECKING

from mfasession import awsfiles, process_memory, profiles, terminal, timestamps
from mfasession.awsfiles import headers
from mfasession.errors import Cancelled, ConfigurationError, InputNeeded, UsageError
from mfasession.files import inputs
from mfasession.keys import list as list_keys
from mfasession.keys import locate, protect, rotate
from mfasession.keys.add import Adding
from mfasession.messages import complain, say
from mfasession.stores import KeyringAbsent
from mfasession.text import in_columns

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence

    from mfasession.aws.access_keys import AccessKey
    from mfasession.errors import MfaSessionError
    from mfasession.keys.list import Listing, Row
    from mfasession.keys.rotate import Surplus
    from mfasession.profiles import Profile
    from mfasession.sessions.context import Context
    from mfasession.values import LongTermKey

HELP = "long-term keys: into the keyring, rotated with one code, out of plain text"
ACTIONS = {
    "add": ("csv", "store", "force"),
    "list": ("json",),
    "rotate": ("code", "serial", "force"),
    "protect": ("force",),
    "remove": ("code", "serial", "yes", "in_aws"),
}
"""The flags that each action takes beside the common ones."""
_LINE_LIMIT = 512
"""Bytes of a line of stdin that may hold half a key pair."""


def add_arguments(parser: "argparse.ArgumentParser") -> None:
    """Add the arguments of the command."""
    from mfasession.commands.argument_types import code, stdin

    parser.add_argument("action", choices=tuple(ACTIONS), help=", ".join(ACTIONS))
    parser.add_argument(
        "name", nargs="?", type=stdin, metavar="-", help="add: read two lines from stdin, the ID and the secret"
    )
    parser.add_argument("--csv", metavar="FILE", help="add: the file that the AWS console gave")
    parser.add_argument("--store", choices=("file", "keyring"), help="add: where to keep the key (keyring)")
    parser.add_argument("--force", action="store_true", help="add, protect, rotate: over another key, without asking")
    parser.add_argument("--json", action="store_true", help="list: one JSON array, for scripts")
    parser.add_argument("--code", metavar="C", type=code, help="rotate, remove: - reads the six digits from stdin")
    parser.add_argument("--serial", metavar="S", help="rotate, remove: serial number or ARN of the MFA device")
    parser.add_argument("--in-aws", action="store_true", help="remove: delete the key at AWS too")
    parser.add_argument("--yes", action="store_true", help="remove: without asking")


def run(context: "Context") -> int:
    """Do what the action says. Raises UsageError for a flag of another action."""
    process_memory.forbid_looking()
    action = context.options.action
    for name in dict.fromkeys(flag for flags in ACTIONS.values() for flag in flags):
        if getattr(context.options, name) and name not in ACTIONS[action]:
            takers = " and ".join(f"keys {other}" for other, flags in ACTIONS.items() if name in flags)
            raise UsageError(f"keys {action} takes no --{name.replace('_', '-')}", f"it is for {takers}")
    if context.options.name and action != "add":
        raise UsageError(f"keys {action} reads nothing from stdin", "see mfasession keys --help")
    runs = {"add": _add, "list": _list, "rotate": _rotate, "protect": _protect, "remove": _remove}
    return runs[action](context)


def _add(context: "Context") -> int:
    adding = Adding(context)
    adding.check()
    key = _given(context, adding)
    adding.refuse_other(key.access_key_id)
    identity = adding.whose(key)
    added = adding.keep(key)
    of = f" of {identity.user} in {identity.account}" if identity else ""
    say(f"key {key.access_key_id}{of} is in {adding.place.where}, for profile {adding.profile.key_section}")
    if identity is None:
        complain("AWS was not reached: nobody knows yet whether it takes this key", context.command_line("login"))
    if added.header:
        say(f"[{added.header}] was added to {context.aws_files.config_path}")
    for old in added.replaced:
        say(f"{old} is no longer here, and AWS honours it until it is deleted there")
    if context.options.csv and not inputs.is_pipe(context.options.csv):
        complain(f"{context.options.csv} holds the secret in plain text", f"rm {quote(context.options.csv)}")
    if adding.place.name == "keyring":
        _tell_sdks(context, adding.profile)
    return _told(added.failures)


def _given(context: "Context", adding: Adding) -> "LongTermKey":
    """The key that a file, stdin or a person gives. Raises ConfigurationError, UsageError, InputNeeded, Cancelled."""
    from mfasession.keys import parse, prompt

    options = context.options
    if options.csv:
        if options.name:
            raise UsageError("the key comes from --csv or from stdin, not from both", "leave one of them out")
        text = inputs.read(options.csv)
        if text is None:
            raise ConfigurationError(f"there is no file {options.csv}", "name the file that the AWS console gave")
        return parse.of_csv(text, options.csv)
    if options.name:
        if sys.stdin is not None and sys.stdin.isatty():
            raise UsageError(
                "stdin is a terminal, which would show the secret", "leave - out, to be asked without echo"
            )
        lines = [sys.stdin.buffer.readline(_LINE_LIMIT) for _ in range(2)] if sys.stdin else []
        return parse.of_lines([line.decode("ascii", "replace") for line in lines if line])
    if options.no_input or not terminal.is_ours():
        raise InputNeeded(
            "there is no terminal to type a key on",
            f"give two lines on stdin: {context.again('-')}; or a file: --csv FILE",
        )
    return prompt.ask(adding.refuse_other)


def _rotate(context: "Context") -> int:
    profile = locate.owner(context)
    rotated = rotate.Rotation(context, profile, _Listener(context)).run()
    say(f"profile {profile.name} has the new key {rotated.new}, in {rotated.where}; {rotated.old} is deleted at AWS")
    if rotated.also:
        say(f"the new key is in place for {', '.join(rotated.also)} too")
    say(f"sessions of the old key are forgotten: mfasession login -p {quote(profile.name)} makes one of the new")
    return _told(rotated.failures)


class _Listener:
    """Tells and asks the person who rotates a key."""

    def __init__(self, context: "Context") -> None:
        self._context = context
        self._options = context.options

    def tell(self, text: str) -> None:
        """Say it on stderr."""
        say(text)

    def may_delete(self, surplus: "Surplus") -> bool:
        """Ask, unless `--force` was given and nobody is likely to need the key."""
        key = surplus.key
        used = {None: "last use not known", 0: "never used"}.get(
            surplus.last_used, f"last used {_day(surplus.last_used or 0)}"
        )
        two = (
            f"{surplus.user} has two keys, which is all that AWS allows: {surplus.ours} is in place here, "
            f"{key.access_key_id} is {_status(key)}, made {_day(key.created)}, {used}"
        )
        if self._options.force and surplus.is_spare:
            say(two)
            return True
        if self._options.no_input or not terminal.is_ours():
            hint = f"{self._context.again('--force')} deletes {key.access_key_id}"
            if not surplus.is_spare:
                hint = f"see who uses {key.access_key_id} and delete it in the IAM console, or answer at a terminal"
            raise InputNeeded(f"{two}, and a third cannot be made", hint)
        terminal.say(f"mfasession: {two}")
        return terminal.agrees(f"delete {key.access_key_id} at AWS, to make room for a new one?")


def _protect(context: "Context") -> int:
    profile = locate.owner(context)
    protected = protect.protect(context, profile)
    of = f"key {protected.key_id} of profile {profile.key_section}"
    if protected.out_of:
        say(f"{of} is in the keyring, and no longer in {protected.out_of}")
    else:
        say(f"{of} is in the keyring already")
    for name in protected.also:
        complain(f"profile {name} has the same key in plain text", f"mfasession keys protect -p {quote(name)}")
    _tell_sdks(context, profile)
    return _told(protected.failures)


def _remove(context: "Context") -> int:
    options, profile = context.options, locate.owner(context)
    removal = protect.Removal(context, profile)
    if not removal.held:
        say(f"profile {profile.key_section} has no long-term key here")
        return _told(removal.run())
    keys = ", ".join(f"{each.key_id} ({each.place.where})" for each in removal.held)
    fate = "delete it at AWS too" if options.in_aws else "AWS honours it until it is deleted there: --in-aws does that"
    if not options.yes:
        if options.no_input or not terminal.is_ours():
            raise InputNeeded(f"there is no terminal to agree on that {keys} goes", context.again("--yes"))
        if not terminal.agrees(f"remove the key of profile {profile.key_section}, {keys}, and {fate}?"):
            raise Cancelled("cancelled, and nothing was changed")
    missing = removal.delete_in_aws() if options.in_aws else []
    failures = removal.run()
    say(f"removed {keys} and its sessions")
    for key_id in removal.key_ids:
        if key_id in missing:
            say(f"{key_id} is not among the keys that AWS has of this user")
        elif options.in_aws:
            say(f"{key_id} is deleted at AWS")
        else:
            say(f"AWS honours {key_id} until it is deleted there: IAM console, Security credentials")
    return _told(failures)


def _told(failures: "Sequence[MfaSessionError]") -> int:
    """Raise the first of the failures that did not keep the rest from being done."""
    if failures:
        raise failures[0]
    return 0


def _tell_sdks(context: "Context", profile: "Profile") -> None:
    """SDKs look into no keyring of ours: say the line that makes them ask us, unless there is one."""
    context.aws_files.reread()
    if (context.aws_files.profile(profile.name) or {}).get("credential_process"):
        return
    configured = awsfiles.parse(context.aws_files.config_path, context.aws_files.config_text())
    if any(profiles.served_by(keys) == profile.name for keys in configured.values()):
        return
    header = headers.written(profile.name)
    say(f"for SDKs and the AWS CLI, put this line into [{header}] of {context.aws_files.config_path}:")
    sys.stderr.write(f"  credential_process = {quote(_program())} process -p {quote(profile.name)}\n")


def _program() -> str:
    """The absolute path of this program: SDKs expand nothing and search nowhere."""
    ours = os.path.abspath(sys.argv[0])
    return ours if os.path.basename(ours) == "mfasession" else shutil.which("mfasession") or ours


def _list(context: "Context") -> int:
    found, now = list_keys.listing(context), time.time()
    if context.options.json:
        import json

        sys.stdout.write(json.dumps([_record(row, found.unsafe, now) for row in found.rows], indent=2) + "\n")
    elif found.rows:
        sys.stdout.write(_table(found.rows, now))
    sys.stdout.flush()
    for problem in found.unsafe:
        complain(problem.message, problem.hint)
    if found.aws is not None:
        complain(f"AWS did not tell ages: {found.aws.message}", found.aws.hint)
    if isinstance(found.keyring, KeyringAbsent):
        say(f"{found.keyring.message}: no key in it is shown")
    elif found.keyring is not None:
        raise found.keyring
    return _answer(context, found)


def _answer(context: "Context", found: "Listing") -> int:
    name = context.options.profile
    if not found.rows and name:
        complain(f"profile {name} has no long-term key", context.command_line("keys", "add"))
        return 1
    if not found.rows:
        say(f"no long-term keys; {context.command_line('keys', 'add')} keeps one")
    elif any(row.told is None and row.key_id for row in found.rows) and found.aws is None and not context.options.json:
        say(f"age and last use are shown while there is a session: {context.command_line('login')}")
    return 0


def _table(rows: "Sequence[Row]", now: float) -> str:
    lines = [("PROFILE", "ACCESS KEY", "USER", "WHERE", "STATUS", "AGE", "LAST USED", "")]
    for row in rows:
        told, known = row.told, _known(row)
        lines.append(
            (
                row.profile or "-",
                row.key_id or "-",
                f"{told.user} in {told.account}" if told else "-",
                row.store or "not here",
                _status(known) if known else "not at AWS" if told else "-",
                f"{int(now - known.created) // 86400} d" if known else "-",
                _use(row),
                row.note,
            )
        )
    backends = dict.fromkeys(row.backend for row in rows if row.backend)
    return in_columns(lines) + "".join(f"the keyring is {name}\n" for name in backends)


def _record(row: "Row", unsafe: "Sequence[ConfigurationError]", now: float) -> dict[str, object]:
    told, known = row.told, _known(row)
    used = told.last_used.get(row.key_id) if told else None
    problem = next((each.message for each in unsafe if row.path and each.message.startswith(row.path)), None)
    return {
        "profile": row.profile or None,
        "access_key_id": row.key_id or None,
        "store": row.store or None,
        "backend": row.backend or None,
        "path": row.path if row.store == "file" else None,
        "problem": problem or row.note or None,
        "user": told.user if told else None,
        "account": told.account if told else None,
        "in_aws": bool(known) if told else None,
        "active": known.is_active if known else None,
        "created": timestamps.show(known.created) if known else None,
        "age_days": int(now - known.created) // 86400 if known else None,
        "ever_used": None if used is None else used > 0,
        "last_used": timestamps.show(used) if used else None,
    }


def _known(row: "Row") -> "AccessKey | None":
    return row.told.keys.get(row.key_id) if row.told else None


def _status(key: "AccessKey") -> str:
    return "active" if key.is_active else "inactive"


def _use(row: "Row") -> str:
    used = row.told.last_used.get(row.key_id) if row.told else None
    return "-" if used is None else _day(used) if used else "never"


def _day(when: int) -> str:
    return time.strftime("%Y-%m-%d", time.localtime(when))
