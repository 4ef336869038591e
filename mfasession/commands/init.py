"""`mfasession init`: a first set-up. What is there is found, each change is shown, one question, then the login."""

import sys
from shlex import quote
from typing import TYPE_CHECKING

from mfasession import plugins, process_memory, profiles, terminal
from mfasession.errors import Cancelled, ConfigurationError, InputNeeded, UsageError
from mfasession.messages import complain, say, show_line
from mfasession.values import Value

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterable

    from mfasession.commands import CommandContext
    from mfasession.profiles import Profile
    from mfasession.setup.file_change import FileChange
    from mfasession.setup.init import Plan
    from mfasession.setup.origin import Origin

SUMMARY = "Set up this computer: key, AWS configuration, shell, and the first login"
EXAMPLES = (
    ("mfasession init --no-login --yes", "make all changes without asking"),
    ("mfasession init -p work --region eu-west-1 --shell none --yes", "set up one profile, and leave the shell alone"),
    ("mfasession init -p work --tool-profile tools --yes", "add a profile for tools that run for long"),
)


class Flags(Value):
    """The flags of `init`."""

    keys_in: str = ""
    region: str = ""
    shell_hook: str = ""
    yes: bool = False
    no_login: bool = False
    tool_profile: str = ""
    """The profile that is written, and nothing else."""


def add_arguments(parser: "argparse.ArgumentParser") -> None:
    """Add the flags of the command."""
    from mfasession.commands import session_flags
    from mfasession.commands.argument_types import code, profile_name, region
    from mfasession.setup import shell_hook
    from mfasession.stores.keys import NAMES

    parser.add_argument("--yes", action="store_true", help="make the changes without asking")
    parser.add_argument("--keys-in", choices=NAMES, help="where to keep the key (keyring, or file where there is none)")
    parser.add_argument("--store", choices=plugins.names("stores"), help="where to keep sessions, from now on")
    parser.add_argument("--region", metavar="NAME", type=region, help="set the region of the profile")
    parser.add_argument(
        "--shell",
        dest="shell_hook",
        choices=shell_hook.NAMES,
        help="whose start-up file gets the hook (that of $SHELL)",
    )
    parser.add_argument("--no-login", action="store_true", help="make the changes only")
    parser.add_argument("--code", metavar="C", type=code, help="the MFA code of the login; - reads it from stdin")
    parser.add_argument("--serial", metavar="S", help="serial number or ARN of the MFA device")
    parser.add_argument(
        "--tool-profile",
        metavar="NAME",
        type=profile_name,
        help="only add the profile NAME, in which tools get the session by themselves",
    )
    session_flags.add_role(parser)


def run(context: "CommandContext", flags: Flags) -> int:
    """Find, propose, ask, change, log in, and say what to type next."""
    process_memory.deny_ptrace()
    if flags.tool_profile:
        return _add_tool_profile(context, flags)
    if context.options.role_arn:
        raise UsageError("--role-arn is for the profile of a tool", "name it: --tool-profile NAME")
    from mfasession.commands import CommandContext
    from mfasession.commands.keys.common import program
    from mfasession.setup import init

    context, origin = _origin(context, flags)
    has_device = _has_device(context, origin, flags)
    wish = init.Wish(
        keys_in=flags.keys_in,
        store=context.options.store,
        region=flags.region,
        shell=flags.shell_hook,
        program=program(),
    )
    planned = init.plan(origin, wish)
    _propose(context, planned, flags)
    failures = init.carry_out(context, planned)
    for change in planned.shown:
        say(f"changed {change.path}")
    if planned.moves_key:
        say(f"key {origin.key.key_id} is in {planned.key_place}")
    for failure in failures:
        complain(failure.message, failure.hint)
    # The changes are to be seen.
    context = CommandContext(context.environ, context.options)
    if not flags.no_login:
        _log_in(context, has_device=has_device)
    if origin.found is not None and origin.is_new:
        say(f"when all works, delete at the other tool: {origin.found.removal}")
    _say_next(context, origin.profile, planned)
    return 0


def _add_tool_profile(context: "CommandContext", flags: Flags) -> int:
    """Add the profile of a tool, after a question."""
    from mfasession.commands.keys.common import program
    from mfasession.setup import tool_profile

    given = {
        "--keys-in": flags.keys_in,
        "--store": context.options.store,
        "--shell": flags.shell_hook,
        "--no-login": flags.no_login,
        "--code": context.options.code,
        "--serial": context.options.serial,
    }
    if other := next((flag for flag, value in given.items() if value), ""):
        raise UsageError(f"--tool-profile only adds a profile, and {other} is for something else", f"leave out {other}")
    context = type(context)(context.environ, context.options.replace(region=flags.region))
    name = flags.tool_profile
    try:
        change = tool_profile.change(context, name, program())
    except tool_profile.NameTaken as taken:
        sys.stderr.write("".join(f"  {line}\n" for line in taken.lines))
        raise
    if change is None:
        say(f"nothing to change: profile {name} is there")
    else:
        _agree(context, [change], flags)
        change.make(context.environ)
        context.aws_files.reread()
        say(f"changed {change.path}")
    say(f"tools get the session by themselves with AWS_PROFILE={quote(name)}")
    if "region" not in (context.aws_files.config(name) or {}):
        complain(
            f"profile {name} has no region, and most AWS commands need one",
            f"aws configure set region NAME --profile {quote(name)}",
        )
    return 0


def _origin(context: "CommandContext", flags: Flags) -> "tuple[CommandContext, Origin]":
    """Where the key is or comes from, and a context for its profile."""
    from mfasession.commands import CommandContext
    from mfasession.setup import origin

    name = profiles.chosen(context.request.profile, context.environ, context.config)
    found = origin.here(context, name)
    tool = None if found else origin.of_tool(context, name)
    if found is None and tool is None and not context.request.profile:
        other = _other(context, name)
        if other != name:
            name, context = other, CommandContext(context.environ, context.options.replace(profile=other))
            found, tool = origin.here(context, name), origin.of_tool(context, name)
    if found is not None:
        say(f"found key {found.key.key_id} of profile {found.key.profile} in {found.key.place.where}")
        return context, found
    if tool is not None:
        return context, _of_tool(context, tool, name, flags)
    return context, _typed(context, name, flags)


def _other(context: "CommandContext", name: str) -> str:
    """Another profile that has a key, chosen where there are several; the same name when none has."""
    from mfasession.setup import origin

    names = origin.candidates(context)
    if len(names) < 2 and name == "default":
        return names[0] if names else name
    if not names:
        return name
    if name == "default" and _can_ask(context):
        return names[terminal.choose("profile default has no long-term key; which profile is to be set up?", names)]
    raise ConfigurationError(
        f"profile {name} has no long-term key, and there are keys for {', '.join(names)}",
        f"mfasession init -p {quote(names[0])}",
    )


def _of_tool(context: "CommandContext", tool: str, name: str, flags: Flags) -> "Origin":
    """The key that another tool has for a profile; its passphrase is asked for."""
    from importlib import import_module

    from mfasession.commands import CommandContext
    from mfasession.setup import origin

    command = import_module("mfasession.commands.import")
    of_profile = CommandContext(context.environ, context.options.replace(profile=name))
    keys, _ = command.find(of_profile, [tool], command.Flags(tool=tool))
    found = next((each for each in keys if each.key is not None), keys[0])
    if found.key is not None:
        say(f"found key {found.key.access_key_id} of profile {name} in {found.where}, where {tool} keeps it")
    return origin.imported(context, found, flags.keys_in)


def _typed(context: "CommandContext", name: str, flags: Flags) -> "Origin":
    """The key that the user types."""
    from mfasession.keys import prompt
    from mfasession.setup import importers, origin

    elsewhere = importers.unread(context.environ)
    for tool, places in elsewhere.items():
        say(f"{tool} may have keys in {' and in '.join(places)}; to import: {context.command_line('import', tool)}")
    if not _can_ask(context):
        words = ("import", next(iter(elsewhere))) if elsewhere else ("keys", "add")
        raise ConfigurationError(f"profile {name} has no long-term key", context.command_line(*words))
    say(f"profile {name} has no long-term key: type the one that the AWS console gave you (ctrl-C ends)")
    addition = origin.addition_of(context, name, flags.keys_in)
    addition.check()
    return origin.stored(context, name, prompt.ask(addition.refuse_other), flags.keys_in)


def _has_device(context: "CommandContext", origin: "Origin", flags: Flags) -> bool:
    """Whether a login can ask for a code.

    Asks AWS for a key that has yet to be stored; for others only without a session, and without a device in the
    configuration. Raises AwsRefused, AwsUnreachable; ConfigurationError: a new key is that of a root user.
    """
    profile = origin.profile
    is_known = bool(flags.no_login or context.options.serial or profile.mfa_serial) or origin.view.kept(profile)
    if is_known and not origin.is_new:
        return True
    from mfasession.aws.devices import AwsDevices
    from mfasession.keys import issued

    aws = AwsDevices(profile, origin.key.record.key, context.environ)
    identity = aws.identity()
    say(f"the key belongs to {identity.user} in {identity.account}")
    if origin.is_new and identity.is_root:
        raise ConfigurationError(
            f"key {origin.key.key_id} belongs to the root user of {identity.account}: the rule does not apply",
            "make a key for an IAM user and delete this one",
        )
    return bool(is_known) or identity.is_root or bool(aws.own(issued.user_of(identity.arn)))


def _propose(context: "CommandContext", planned: "Plan", flags: Flags) -> None:
    """Show the changes and ask once. Raises InputNeeded without a terminal, and Cancelled for a no."""
    for note in planned.notes:
        say(note)
    if not planned.shown and not planned.moves_key:
        say("nothing to change")
        return
    note = ""
    if planned.moves_key and not planned.origin.shown:
        verb = "is copied" if planned.origin.found else "goes" if planned.origin.is_new else "moves"
        note = f"key {planned.origin.key.key_id} {verb} to {planned.key_place}"
    _agree(context, planned.shown, flags, note)


def _agree(context: "CommandContext", changes: "Iterable[FileChange]", flags: Flags, note: str = "") -> None:
    """Show the changes and the note, and ask once. Raises as `_propose`."""
    for change in changes:
        for line in change.diff():
            show_line(line)
    if note:
        say(note)
    if flags.yes:
        return
    if not _can_ask(context):
        raise InputNeeded("there is no terminal to ask for a confirmation on", context.again("--yes"))
    if not terminal.agrees("make these changes?"):
        raise Cancelled("cancelled, and nothing was changed")


def _can_ask(context: "CommandContext") -> bool:
    return not context.request.no_input and terminal.is_ours()


def _log_in(context: "CommandContext", *, has_device: bool) -> None:
    """Log in as `login` does; enrol a device first for a user who has none."""
    from mfasession.commands import CommandContext, login
    from mfasession.commands.mfa import enroll

    options = context.options.replace(store="", region="", flags=None)
    words = ("login",) if has_device else ("mfa", "enroll")
    action = words[1] if len(words) > 1 else ""
    part = CommandContext(context.environ, options.replace(command=words[0], action=action, typed=words))
    part.is_part = True
    if has_device:
        login.run(part)
        return
    say("the user has no MFA device yet: this enrols an authenticator app")
    enroll.run(part, enroll.Flags())


def _say_next(context: "CommandContext", owner: "Profile", planned: "Plan") -> None:
    """Say what to type next, and which other profiles work now."""
    from mfasession.setup import aws_changes

    roles, with_device = aws_changes.roles_of(context, owner.name)
    if roles:
        say(f"the same session assumes the roles of {', '.join(roles)}")
    if with_device and planned.is_served:
        say(f"aws asks for codes of its own where a role has an mfa_serial ({', '.join(with_device)}): remove it there")
    name, words = context.named(), ("aws", "s3", "ls")
    profile = context.profile()
    has_region = bool(profile.region or context.environ.get("AWS_REGION") or context.environ.get("AWS_DEFAULT_REGION"))
    # The AWS CLI takes no region from a role's source profile; `exec` does.
    own_region = not profile.region or "region" in (context.aws_files.profile(profile.name) or {})
    if planned.is_served and own_region:
        say(f"next: {' '.join((*words, *(('--profile', quote(name)) if name else ())))}")
    else:
        say(f"next: {context.command_line('exec', '--', *words)}")
    if not has_region:
        complain(
            f"profile {profile.name} has no region, and most AWS commands need one",
            context.command_line("init", "--region", "NAME"),
        )
