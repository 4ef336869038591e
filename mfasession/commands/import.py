"""`mfasession import`: bring the long-term keys and settings of another tool."""  # noqa: N999  # the command's name

import os
from typing import TYPE_CHECKING

from mfasession import hints, process_memory, profiles, terminal
from mfasession.commands.confirmation import confirm, raise_last
from mfasession.errors import ConfigurationError, InputNeeded, MfaSessionError, NoSession, StoreError, UsageError
from mfasession.messages import say
from mfasession.profiles import listing
from mfasession.text import in_columns, printable
from mfasession.values import Value

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable, Sequence

    from mfasession.commands import CommandContext
    from mfasession.setup.importers import Found
    from mfasession.setup.imports import Step
    from mfasession.values import Secret

SUMMARY = "Import the long-term keys and settings of another tool"
EXAMPLES = (
    ("mfasession import csv accessKeys.csv -p new --yes", "store the key that the AWS console gave you"),
    ("mfasession import aws-mfa --yes", "use the profiles of aws-mfa as they are"),
    ("mfasession import --all --yes", "take all that other tools have left here, without asking"),
)


class Flags(Value):
    """The flags of `import`."""

    tool: str = ""
    file: str = ""
    all: bool = False
    yes: bool = False


def add_arguments(parser: "argparse.ArgumentParser") -> None:
    """Add the arguments of the command."""
    from mfasession.setup import importers
    from mfasession.stores.keys import NAMES

    names = importers.names()
    parser.add_argument("tool", nargs="?", choices=names, metavar="TOOL", help=", ".join(names))
    parser.add_argument("file", nargs="?", metavar="FILE", help="csv: the file that the AWS console gave you")
    parser.add_argument("--all", action="store_true", help="import from every tool that has left keys here")
    parser.add_argument("--store", dest="key_place", choices=NAMES, help="where to keep the keys (keyring)")
    parser.add_argument("--force", action="store_true", help="replace other keys; keep keys if AWS is not reached")
    parser.add_argument("--yes", action="store_true", help="do not ask")


def run(context: "CommandContext", flags: Flags) -> int:
    """Show the plan, ask once, carry it out, and say what is left to delete at the other tool."""
    process_memory.deny_ptrace()
    from mfasession.setup import imports

    found, failures = find(context, _tools(context, flags), flags)
    steps = imports.plan(context, found)
    todo = [step for step in steps if step.intention]
    question = f"import {len(todo)} key{'s' if len(todo) > 1 else ''}?"
    confirm(context, _plan(steps), question, yes=flags.yes or not todo)
    failures += [step.problem for step in steps if step.problem is not None]
    for step in todo:
        try:
            say(imports.carry_out(context, step))
        except MfaSessionError as failure:
            failure.message = f"profile {step.found.profile}: {failure.message}"
            failures.append(failure)
        else:
            _say_next(context, step)
    raise_last(failures)
    return 0


def _tools(context: "CommandContext", flags: Flags) -> list[str]:
    from mfasession.setup import importers

    if flags.file and flags.tool != "csv":
        raise UsageError(f"only csv takes a file, not {flags.tool or '--all'}", "leave the file out")
    if flags.all:
        if flags.tool:
            raise UsageError(f"--all means every tool, and {flags.tool} is one of them", "leave one of them out")
        return [name for name in importers.names() if name != "csv"]
    if not flags.tool:
        raise UsageError("import needs a tool", f"one of {', '.join(importers.names())}, or --all")
    if flags.tool == "csv" and not flags.file:
        raise UsageError("import csv needs a file", context.command_line("import", "csv", "FILE"))
    return [flags.tool]


def find(
    context: "CommandContext", tools: "Sequence[str]", flags: Flags
) -> "tuple[Sequence[Found], list[MfaSessionError]]":
    """Return all keys of these tools, or those for the profile of -p; and with --all, why a tool was not read."""
    from mfasession.setup import importers

    only = context.request.profile
    request = importers.Request(
        environ=context.environ,
        aws_files=context.aws_files,
        path=flags.file and os.path.expanduser(flags.file),
        profile=profiles.chosen(only, context.environ, context.config),
        passphrase=_passphrase(context),
    )
    found: dict[tuple[str, str, str], Found] = {}
    failures: list[MfaSessionError] = []
    for tool in tools:
        try:
            found |= {(each.profile, each.section, each.where): each for each in importers.load(tool).find(request)}
        except (ConfigurationError, InputNeeded, StoreError) as failure:
            if not flags.all:
                raise
            failures.append(failure)
    if not found and not failures:
        place = f"it is looked for in {importers.load(tools[0]).PLACE}" if len(tools) == 1 else ""
        raise NoSession(f"{tools[0]} has no key here" if place else "no other tool has a key here", place)
    wanted = [each for each in found.values() if only in ("", each.profile)]
    if found and not wanted:
        names = ", ".join(dict.fromkeys(each.profile for each in found.values()))
        raise ConfigurationError(f"there is no key for profile {only}", f"there are keys for {names}")
    return wanted, failures


def _passphrase(context: "CommandContext") -> "Callable[[str], Secret]":
    from mfasession.keys import prompt

    def ask(what: str) -> "Secret":
        if context.request.no_input or not terminal.is_ours():
            raise InputNeeded(
                f"there is no terminal to type the passphrase of {what} on", "run it in a terminal, without --no-input"
            )
        return prompt.ask_hidden(f"passphrase of {printable(what)} (not shown): ")

    return ask


def _plan(steps: "Sequence[Step]") -> list[str]:
    lines = []
    for where in dict.fromkeys(step.found.where for step in steps):
        here = [step for step in steps if step.found.where == where]
        rows = [
            (each.key_id or "-", f"profile {each.found.profile}", each.intention or _why_not(each)) for each in here
        ]
        lines += [f"import from {where}:", *(f"  {line}" for line in in_columns(rows).splitlines())]
    return lines


def _why_not(step: "Step") -> str:
    return step.state if step.problem is None else "not imported, see below"


def _say_next(context: "CommandContext", step: "Step") -> None:
    """Say what is left in plain text or at the other tool, which is the person's to delete."""
    found = step.found
    if found.removal:
        say(f"when all works, delete at the other tool: {found.removal}")
    if found.section:
        line = hints.command_line("keys", "protect", profile=found.profile if not found.role_arn else found.section)
        say(f"its key is in plain text in [{found.section}]; to move it to the keyring: {line}")
    else:
        _say_who_serves(context, found.profile)


def _say_who_serves(context: "CommandContext", profile: str) -> None:
    from mfasession.commands.keys.common import show_line_for_sdks
    from mfasession.keys import locate

    context.aws_files.reread()
    line = (context.aws_files.profile(profile) or {}).get("credential_process", "")
    if line and "mfasession" not in line:
        say(f"profile {profile} still has credential_process = {line.split()[0]} …, which SDKs run")
    if locate.chosen_place(context, profile, context.request.key_place) is not None:
        show_line_for_sdks(context, listing.unresolved(profile, context.aws_files, context.config))
