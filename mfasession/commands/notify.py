"""`mfasession notify`: a desktop notification for each session that is about to end."""

import os
import shutil
import sys
import time
from typing import TYPE_CHECKING

from mfasession import files
from mfasession.commands import status
from mfasession.commands.confirmation import confirm, raise_last
from mfasession.durations import show
from mfasession.errors import ConfigurationError, UsageError
from mfasession.files import replace
from mfasession.messages import say, time_left
from mfasession.text import printable
from mfasession.values import Value

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterable

    from mfasession.commands import CommandContext
    from mfasession.setup.notify_timer import Timer

SUMMARY = "Show a desktop notification before a session ends"
EXAMPLES = (
    ("mfasession notify", "notify of sessions that end within 10 minutes, once each"),
    ("mfasession notify --before 30m -p work", "half an hour ahead, of one profile"),
    ("mfasession notify --install --yes", "do it each minute, by a systemd user timer (macOS: launchd)"),
)
_LATE = 3600
"""Seconds after its end in which a session is still notified of, as when the computer slept meanwhile."""


class Flags(Value):
    """The flags of `notify`."""

    before: int = 600
    """Seconds."""
    install: bool = False
    uninstall: bool = False
    yes: bool = False


def add_arguments(parser: "argparse.ArgumentParser") -> None:
    """Add the flags of the command."""
    from mfasession.commands.argument_types import min_ttl

    parser.add_argument("--before", metavar="D", type=min_ttl, help="how long before the end (10m)")
    parser.add_argument("--install", action="store_true", help="write and start a timer that does it each minute")
    parser.add_argument("--uninstall", action="store_true", help="stop that timer and delete its files")
    parser.add_argument("--yes", action="store_true", help="with these two: do not ask for confirmation")


def run(context: "CommandContext", flags: Flags) -> int:
    """Notify of what is due; or write or delete the timer. Asks for no code."""
    if flags.install and flags.uninstall:
        raise UsageError("--install and --uninstall exclude each other", "leave one of them out")
    if flags.yes and not (flags.install or flags.uninstall):
        raise UsageError("--yes goes with --install or --uninstall", "leave --yes out")
    if flags.install or flags.uninstall:
        from mfasession.setup import notify_timer

        timer = notify_timer.of(context.environ, _words(context, flags))
        return _install(context, flags, timer) if flags.install else _uninstall(context, flags, timer)
    return _notify(context, flags.before)


def _notify(context: "CommandContext", before: int) -> int:
    from mfasession.desktop import notification

    only = context.profile() if context.options.profile else None
    rows, failures = status.stored(context, only)
    now = time.time()
    # A role's session is renewed without a code.
    due = [row for row in rows if not row.session.role_arn and -_LATE < row.session.expires - now <= before]
    path = os.path.join(files.state_folder(context.environ), "notified")
    known = set((files.read_text(path) or "").splitlines())
    for row in due:
        line = _line(row)
        if line in known:
            continue
        notification.show(*_texts(context, row, now))
        known.add(line)
        _remember(path, known, now)
    raise_last(failures)
    return 0


def _line(row: status.Row) -> str:
    return f"{row.session.expires} {row.store} {printable(row.section)}"


def _remember(path: str, lines: "Iterable[str]", now: float) -> None:
    """Keep the lines of sessions that may still be notified of. Raises StoreError."""
    kept = [line for line in sorted(lines) if line.partition(" ")[0].isdigit() and int(line.split()[0]) > now - _LATE]
    replace.replace(path, "".join(f"{line}\n" for line in kept))


def _texts(context: "CommandContext", row: status.Row, now: float) -> tuple[str, str]:
    """Return the title and the text. Any session may be named, but no secret is in either."""
    expires = row.session.expires
    account = status.account(row.session)
    where = f"{row.profile} in {account}" if account else row.profile
    again = context.command_line("login", profile=row.profile)
    if expires <= now:
        return f"AWS session of {where} has ended", f"{show(int(now - expires))} ago. {again}"
    at = time.strftime("%H:%M", time.localtime(expires))
    return f"AWS session of {where} ends in {time_left(expires, now)}", f"At {at}. {again}"


def _words(context: "CommandContext", flags: Flags) -> tuple[str, ...]:
    """Return the command that the timer runs."""
    program = shutil.which(sys.argv[0], path=context.environ.get("PATH"))
    if program is None:
        raise ConfigurationError("the path of mfasession is not known", "run it by the name of its program")
    chosen = ("-p", context.options.profile) if context.options.profile else ()
    return (os.path.abspath(program), "notify", *chosen, "--before", f"{flags.before}s", "--no-input")


def _install(context: "CommandContext", flags: Flags, timer: "Timer") -> int:
    from mfasession.setup import notify_timer

    changes = timer.changes()
    if changes:
        diff = [line for each in changes for line in each.diff()]
        confirm(context, (), "write these files?", yes=flags.yes, diff=diff)
    for change in changes:
        change.make(context.environ)
    notify_timer.run(timer.starting)
    undo = context.command_line("notify", "--uninstall")
    say(f"a notification comes {show(flags.before)} before a session ends; {undo} stops it")
    return 0


def _uninstall(context: "CommandContext", flags: Flags, timer: "Timer") -> int:
    from mfasession.setup import notify_timer

    found = timer.installed()
    if not found:
        say("there is no timer")
        return 0
    confirm(context, [f"delete {path}" for path in found], "stop the timer and delete its files?", yes=flags.yes)
    try:
        notify_timer.run(timer.stopping)
    finally:
        for path in found:
            notify_timer.remove(path)
    say("the timer is stopped, and its files are deleted")
    return 0
