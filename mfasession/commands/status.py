"""`mfasession status`: every session, where it is kept and how long it still lives."""

import os
import sys
import time

from mfasession import profiles, timestamps
from mfasession.durations import show
from mfasession.errors import StoreError, UsageError
from mfasession.messages import complain, say, until
from mfasession.text import bar, printable
from mfasession.values import Value, account_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    import argparse

    from mfasession.commands import CommandContext
    from mfasession.profiles import Profile
    from mfasession.stores import SessionStore
    from mfasession.values import Session

SUMMARY = "List sessions: profile, identity, store, time left"
EXAMPLES = (
    ("mfasession status", "show all sessions"),
    ("mfasession status --json", "print them for scripts"),
    ("mfasession status -p work --format '{profile} {left}'", "print one line for a status bar"),
    ("mfasession status -p work", "exit with 1 unless this profile has a valid session"),
)
FIELDS = ("profile", "left", "store", "account", "identity", "expiration")
"""What `--format` knows, each in braces."""
UNKNOWN_LIFE = 12 * 3600
"""Seconds that a whole bar stands for when a session does not say when it was made."""


class Row(Value):
    """One session and the profile it belongs to."""

    profile: str
    section: str
    store: str
    session: "Session"
    backend: str = ""
    """The keyring that has it, by its own name; empty for a file."""


def add_arguments(parser: "argparse.ArgumentParser") -> None:
    """Add the flags of the command."""
    parser.add_argument("--json", action="store_true", help="print a JSON array, for scripts")
    parser.add_argument("--watch", action="store_true", help="stay and count down until ctrl-C")
    fields = " ".join(f"{{{name}}}" for name in FIELDS)
    parser.add_argument(
        "--format", metavar="TEXT", default="", help=f"print a line for each session, for a status bar: {fields}"
    )


def run(context: "CommandContext") -> int:
    """Show the sessions; 1 when the profile named with -p has no valid one."""
    if context.options.watch:
        try:
            return _watch(context)
        except KeyboardInterrupt:
            from mfasession.exit_codes import INTERRUPTED

            # That is how it ends. The terminal has written ^C.
            sys.stdout.write("\n")
            return INTERRUPTED
    if context.options.format:
        _check_format(context.options.format)
    rows, failures = _rows(context)
    now = time.time()
    if context.options.format:
        sys.stdout.write("".join(_line(context.options.format, _record(row, now)) for row in rows))
    elif context.options.json:
        import json

        sys.stdout.write(json.dumps([_record(row, now) for row in rows], indent=2) + "\n")
    elif rows:
        sys.stdout.write(_table(rows, now))
    for failure in failures:
        complain(failure.message, failure.hint)
    return _answer(context, rows, now, is_whole=not failures)


def _answer(context: "CommandContext", rows: list[Row], now: float, *, is_whole: bool) -> int:
    if not context.options.profile:
        if not rows and is_whole:
            say(f"no sessions; {context.command_line('login')} makes one")
        return 0
    if any(row.session.expires > now for row in rows):
        return 0
    name = context.profile().name
    complain(f"no valid session for profile {name}", context.command_line("login", profile=name))
    return 1


def _rows(context: "CommandContext") -> tuple[list[Row], list[StoreError]]:
    return stored(context, context.profile() if context.options.profile else None)


def stored(context: "CommandContext", only: "Profile | None" = None) -> tuple[list[Row], list[StoreError]]:
    """Return the sessions of all stores that answer, or those of one profile, and the failures of the others."""
    rows: list[Row] = []
    failures: list[StoreError] = []
    for store in context.stores():
        try:
            rows += _rows_of(context, store, only)
        except StoreError as failure:
            failures.append(failure)
    return rows, failures


def _rows_of(context: "CommandContext", store: "SessionStore", only: "Profile | None") -> list[Row]:
    rows = []
    for section in context.sections(store, only):
        session = store.load(section)
        if session is not None and (only is None or profiles.fits(session, only)):
            name = profiles.of_section(section, context.config)
            rows.append(Row(profile=name, section=section, store=store.name, session=session, backend=store.backend))
    return rows


def _record(row: Row, now: float) -> dict[str, object]:
    session = row.session
    return {
        "profile": row.profile,
        "section": row.section,
        "store": row.store,
        "backend": row.backend or None,
        "identity": session.identity or None,
        "account": account(session) or None,
        "mfa_serial": session.mfa_serial or None,
        "role_arn": session.role_arn or None,
        "region": session.region or None,
        "expiration": timestamps.show(session.expires),
        "seconds_left": max(int(session.expires - now), 0),
        "valid": session.expires > now,
    }


def _line(text: str, record: "dict[str, object]") -> str:
    """Return the line of a session in the user's own format; time left is `7:42`, hours and minutes, or `expired`."""
    seconds = int(str(record["seconds_left"]))
    left = f"{seconds // 3600}:{seconds % 3600 // 60:02}" if record["valid"] else "expired"
    values = {**record, "left": left}
    import re

    return printable(re.sub(r"\{(\w*)\}", lambda field: str(values[field[1]] or "-"), text)) + "\n"


def _check_format(text: str) -> None:
    import re

    for name in re.findall(r"\{(\w*)\}", text):
        if name not in FIELDS:
            raise UsageError(f"--format has no {{{name}}}", f"the fields are {', '.join(FIELDS)}")


def _table(rows: list[Row], now: float) -> str:
    columns = os.get_terminal_size(1).columns if sys.stdout.isatty() else 0
    cells = [(row.profile, _identity(row.session), row.store, _when(row, now), _bar(row.session, now)) for row in rows]
    lines = [("PROFILE", "IDENTITY", "STORE", "VALID UNTIL", ""), *cells]
    widths = [max(len(line[column]) for line in lines) for column in range(4)]
    shown = [
        "  ".join((*(cell.ljust(width) for cell, width in zip(line, widths, strict=False)), line[4])) for line in lines
    ]
    if columns and (max(map(len, shown)) > columns or _is_read_aloud()):
        # Without the bar, which says nothing new.
        shown = [line[: sum(widths) + 6] for line in shown]
    if columns and (max(map(len, shown)) > columns or _is_read_aloud()):
        return _ended([line for row in rows for line in _stacked(row, now, columns)], rows)
    head, *below = (printable(line.rstrip()) for line in shown)
    before = sum(widths[:3]) + 6
    return _ended([head, *(_coloured(line, before, row, now) for line, row in zip(below, rows, strict=True))], rows)


def _ended(lines: list[str], rows: list[Row]) -> str:
    """Return the lines, which are safe to show, and below them which keyring it is."""
    backends = [f"the keyring is {name}" for name in dict.fromkeys(row.backend for row in rows) if name]
    return "".join(f"{line}\n" for line in (*lines, *map(printable, backends)))


def _coloured(line: str, before: int, row: Row, now: float) -> str:
    """Return a line that is safe to show, with what stands from a column on in the colour of the time left."""
    if not (sys.stdout.isatty() or os.environ.get("FORCE_COLOR")):
        return line
    from mfasession.terminal import colours

    if not colours.are_wanted(os.environ, on_terminal=sys.stdout.isatty()):
        return line
    return line[:before] + colours.by_time_left(line[before:], row.session.expires - now)


def _is_read_aloud() -> bool:
    """Return whether the terminal shows lines alone, as screen readers and Emacs want it (TERM=dumb)."""
    from mfasession.terminal import is_dumb

    return is_dumb()


def _when(row: Row, now: float) -> str:
    expires = row.session.expires
    return until(expires, now) if expires > now else f"expired {show(int(now - expires))} ago"


def _stacked(row: Row, now: float, columns: int) -> list[str]:
    """Return a session as lines that fit, what belongs to the profile two spaces in. No word stands beside a bar."""
    from mfasession.commands.tables import indented

    when, _, left = _when(row, now).partition(" (")
    times = [f"valid until {when}" if left else when, *([left.removesuffix(")")] if left else [])]
    plain = indented(row.profile, [_identity(row.session), f"store: {row.store}"], columns)
    timed = indented("", times, columns)[1:]
    return [*map(printable, plain), *(_coloured(printable(line), 2, row, now) for line in timed)]


def _bar(session: "Session", now: float) -> str:
    whole = session.expires - session.issued if session.issued else UNKNOWN_LIFE
    return bar((session.expires - now) / max(whole, 1))


def _identity(session: "Session") -> str:
    name = session.identity.partition(":user/")[2] or session.identity.partition(":assumed-role/")[2]
    return f"{name} in {account(session)}" if name else session.identity or account(session) or "-"


def account(session: "Session") -> str:
    """Return the account of a session; empty when it is not known."""
    return account_of(session.identity) or account_of(session.mfa_serial)


def _watch(context: "CommandContext") -> int:
    from mfasession.terminal import is_dumb

    if not sys.stdout.isatty():
        raise UsageError("--watch needs a terminal", f"{context.command_line('status', '--json')}, for scripts")
    if is_dumb():
        raise UsageError(
            "--watch needs a terminal that can draw, and TERM says that this one cannot", context.command_line("status")
        )
    rung: set[tuple[str, int]] = set()
    while True:
        context.aws_files.reread()
        rows, failures = _rows(context)
        now = time.time()
        table = _table(rows, now) if rows else "" if failures else "no sessions\n"
        troubles = "".join(f"{printable(failure.message)}\n" for failure in failures)
        # Home, the table, and clear what an earlier, longer one left below.
        sys.stdout.write(f"\x1b[H\x1b[2J{table}{troubles}ctrl-C ends this\n{_bell(rows, now, rung)}")
        sys.stdout.flush()
        time.sleep(1)


def _bell(rows: list[Row], now: float, rung: set[tuple[str, int]]) -> str:
    """Return the bell when a session that needs a code has come into its last minutes, once for each."""
    from mfasession.terminal.colours import LATE

    ending = {(row.section, row.session.expires) for row in rows if not row.session.role_arn}
    late = {each for each in ending if 0 < each[1] - now < LATE} - rung
    rung |= late
    return "\a" if late else ""
