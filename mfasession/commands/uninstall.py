"""`mfasession uninstall`: remove all that mfasession ever wrote on this computer."""

from typing import TYPE_CHECKING

from mfasession import hints, installation, terminal
from mfasession.commands import doctor
from mfasession.commands.confirmation import confirm, raise_last
from mfasession.errors import Cancelled, UsageError
from mfasession.messages import complain, say
from mfasession.setup.uninstall import Plan
from mfasession.values import Value

if TYPE_CHECKING:
    import argparse
    from collections.abc import Mapping

    from mfasession.commands import CommandContext, Options
    from mfasession.setup.uninstall.secrets import Secrets

SUMMARY = "Remove all that mfasession ever wrote on this computer, after asking"
EXAMPLES = (
    ("mfasession uninstall --yes", "remove it without asking; long-term keys stay"),
    ("mfasession uninstall --keys --yes", "delete the long-term keys in the keyring and the encrypted file, too"),
)


class Flags(Value):
    """The flags of `uninstall`."""

    keys: bool = False
    yes: bool = False


def add_arguments(parser: "argparse.ArgumentParser") -> None:
    """Add the flags of the command."""
    parser.add_argument(
        "--keys", action="store_true", help="delete long-term keys and seeds that are in no AWS file, too"
    )
    parser.add_argument("--yes", action="store_true", help="do not ask for confirmation")


def context(environ: "Mapping[str, str]", options: "Options") -> "CommandContext":
    """Return what `run` gets: `config.toml` need not be right to be removed."""
    return doctor.context(environ, options)


def run(ours: "CommandContext", flags: Flags) -> int:
    """Show all, ask, remove it, and print how the program itself is removed. Raises the last failure."""
    if ours.options.profile:
        raise UsageError("uninstall is about all profiles", "leave -p out")
    plan = Plan(ours, with_keys=flags.keys)
    secrets, lines = plan.secrets, plan.lines()
    if flags.keys:
        lines = [*secrets.lines, *lines]
    else:
        _show_kept(ours, secrets)
    for message, hint in plan.notes:
        complain(message, hint)
    if lines:
        confirm(ours, lines, "remove all this?", yes=flags.yes, diff=plan.diff())
        if flags.keys and secrets.lines and not flags.yes:
            _ask_for_keys(secrets)
        raise_last(plan.carry_out())
        say("all this is removed; AWS honours a copy of a session elsewhere until it expires")
        if flags.keys and secrets.lines:
            say("AWS honours a deleted key until it is deleted there: IAM console, Security credentials")
    else:
        say("nothing to remove")
    say(f"to remove the program itself: {installation.removing()}")
    return 0


def _show_kept(ours: "CommandContext", secrets: "Secrets") -> None:
    for line in secrets.lines:
        say(f"stays: {line}")
    if secrets.failure is not None:
        complain(f"the keyring was not looked at: {secrets.failure.message}", secrets.failure.hint)
    if secrets.lines:
        first = secrets.first_profile
        back = f"{ours.command_line('keys', 'move', '--to', 'file', profile=first)} puts a key back; " if first else ""
        complain(
            "keys and seeds stay, because they are in no AWS file",
            f"{back}{hints.command_line('uninstall', '--keys')} deletes them",
        )


def _ask_for_keys(secrets: "Secrets") -> None:
    count = len(secrets.lines)
    what = "the key or seed" if count == 1 else f"the {count} keys and seeds"
    if not terminal.agrees(f"delete {what} that no AWS file has, for good?"):
        raise Cancelled("cancelled, and nothing was changed")
