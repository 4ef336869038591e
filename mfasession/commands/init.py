"""`mfasession init`: a first set-up. What is there is found, each change is shown, one question, then the login."""

import sys
from shlex import quote
from typing import TYPE_CHECKING

from mfasession import process_memory, profiles, terminal
from mfasession.errors import Cancelled, ConfigurationError, InputNeeded
from mfasession.keys import locate
from mfasession.messages import complain, say
from mfasession.values import Value

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence

    from mfasession.commands import CommandContext
    from mfasession.keys.locate import Held
    from mfasession.profiles import Profile
    from mfasession.setup.importers import Found
    from mfasession.setup.init import Plan

SUMMARY = "Set up this computer: key, AWS configuration, shell, and the first login"
EXAMPLES = (
    ("mfasession init --no-login --yes", "make all changes without asking"),
    ("mfasession init -p work --region eu-west-1 --shell none --yes", "set up one profile, and leave the shell alone"),
)


class Flags(Value):
    """The flags of `init`."""

    region: str = ""
    shell_hook: str = ""
    yes: bool = False
    no_login: bool = False


def add_arguments(parser: "argparse.ArgumentParser") -> None:
    """Add the flags of the command."""
    from mfasession.commands.argument_types import code, region
    from mfasession.setup import shell_hook
    from mfasession.stores.keys import NAMES

    parser.add_argument("--yes", action="store_true", help="make the changes without asking")
    parser.add_argument("--store", choices=NAMES, help="where to keep the key (keyring, or file where there is none)")
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


def run(context: "CommandContext", flags: Flags) -> int:
    """Find, propose, ask, change, log in, and say what to type next."""
    process_memory.deny_ptrace()
    from mfasession.commands import CommandContext
    from mfasession.commands.keys.common import program
    from mfasession.setup import init

    profile, key = _with_key(context, flags)
    # An import may have changed config.toml.
    context = CommandContext(context.environ, context.options)
    wish = init.Wish(store=context.options.store, region=flags.region, shell=flags.shell_hook, program=program())
    planned = init.plan(context, profile, key, wish)
    has_device = flags.no_login or _has_device(context, profile, key)
    _propose(context, planned, flags)
    failures = init.carry_out(context, profile, planned)
    for change in (*planned.changes, *planned.removals):
        say(f"changed {change.path}")
    if planned.removals:
        say(f"key {key.key_id} is in the keyring")
    for failure in failures:
        complain(failure.message, failure.hint)
    if not flags.no_login:
        _log_in(context, has_device=has_device)
    _say_next(context, profile, planned)
    return 0


def _with_key(context: "CommandContext", flags: Flags) -> "tuple[Profile, Held]":
    """The profile whose key makes the sessions, and its key: found here, imported from another tool, or typed."""
    from mfasession.setup import importers, init

    name = profiles.chosen(context.request.profile, context.environ, context.config)
    found = _found(context, name)
    if found is None:
        others = init.others_with_keys(context, name)
        tools = [tool for tool, keys in importers.detect(context.environ).items() if _has(keys, name)]
        if tools:
            context = _import(context, tools[0], name, flags)
        elif others and not context.request.profile:
            raise ConfigurationError(
                f"profile {name} has no long-term key, and there are keys for {', '.join(others)}",
                f"mfasession init -p {quote(others[0])}",
            )
        else:
            _add_key(context, name)
        context.aws_files.reread()
        profile = locate.owner(context)
        return profile, locate.first(context, profile)
    say(f"found key {found[1].key_id} of profile {found[1].profile} in {found[1].place.where}")
    return found


def _found(context: "CommandContext", name: str) -> "tuple[Profile, Held] | None":
    """The profile that is here and its key. Raises ConfigurationError, unless another tool keeps the key."""
    from mfasession.setup import importers, init

    if context.aws_files.profile(name) is None and name not in context.config.profiles:
        key = init.key_of(context, name)
        return None if key is None else (profiles.unresolved(name, context.aws_files, context.config), key)
    try:
        profile = locate.owner(context)
    except ConfigurationError:
        # A session of another tool stands where a key should.
        if any(_has(keys, name) for keys in importers.detect(context.environ).values()):
            return None
        raise
    key = init.key_of(context, profile.key_section)
    return None if key is None else (profile, key)


def _has(keys: "Sequence[Found]", name: str) -> bool:
    return any(each.profile == name for each in keys)


def _import(context: "CommandContext", tool: str, name: str, flags: Flags) -> "CommandContext":
    """Import the profile's key from another tool, as `import` does; return a context that sees it."""
    from importlib import import_module

    from mfasession.commands import CommandContext
    from mfasession.setup import init

    command = import_module("mfasession.commands.import")
    store = init.store_for_key(context, name, context.options.store)
    options = context.options.replace(command="import", profile=name, store=store)
    command.run(CommandContext(context.environ, options), command.Flags(tool=tool, yes=flags.yes))
    return CommandContext(context.environ, context.options)


def _add_key(context: "CommandContext", name: str) -> None:
    """Ask for a key and store it, as `keys add` does."""
    from mfasession.commands import CommandContext
    from mfasession.keys import prompt
    from mfasession.keys.add import Addition
    from mfasession.setup import init

    if context.request.no_input or not terminal.is_ours():
        raise ConfigurationError(f"profile {name} has no long-term key", context.command_line("keys", "add"))
    store = init.store_for_key(context, name, context.options.store)
    say(f"profile {name} has no long-term key: type the one that the AWS console gave you (ctrl-C ends)")
    addition = Addition(CommandContext(context.environ, context.options.replace(store=store)))
    addition.check()
    key = prompt.ask(addition.refuse_other)
    identity = addition.whose(key)
    addition.keep(key)
    of = f" of {identity.user} in {identity.account}" if identity else ""
    say(f"key {key.access_key_id}{of} is in {addition.place.where}")


def _has_device(context: "CommandContext", profile: "Profile", key: "Held") -> bool:
    """Whether a login can ask for a code. Asks AWS unless there is a session, or a device in the configuration.

    Raises AwsRefused, AwsUnreachable.
    """
    named = context.options.serial or profile.mfa_serial
    if named or context.kept(profile) is not None:
        return True
    from mfasession.aws.devices import AwsDevices
    from mfasession.keys import issued

    aws = AwsDevices(profile, key.record.key, context.environ)
    identity = aws.identity()
    say(f"the key belongs to {identity.user} in {identity.account}")
    return identity.is_root or bool(aws.own(issued.user_of(identity.arn)))


def _propose(context: "CommandContext", planned: "Plan", flags: Flags) -> None:
    """Show the changes and ask once. Raises InputNeeded without a terminal, and Cancelled for a no."""
    for note in planned.notes:
        say(note)
    if not planned.changes and not planned.removals:
        say("nothing to change")
        return
    sys.stderr.write("".join(f"  {line}\n" for line in planned.diff()))
    if planned.removals:
        say(f"key {planned.key.key_id} moves to the keyring")
    if flags.yes:
        return
    if context.request.no_input or not terminal.is_ours():
        raise InputNeeded("there is no terminal to ask for a confirmation on", context.again("--yes"))
    if not terminal.agrees("make these changes?"):
        raise Cancelled("cancelled, and nothing was changed")


def _log_in(context: "CommandContext", *, has_device: bool) -> None:
    """Log in as `login` does; enrol a device first for a user who has none."""
    from mfasession.commands import CommandContext, login
    from mfasession.commands.mfa import enroll

    options = context.options.replace(store="", flags=None)
    if has_device:
        login.run(CommandContext(context.environ, options.replace(command="login", typed=("login",))))
        return
    say("the user has no MFA device yet: this enrols an authenticator app")
    as_enroll = options.replace(command="mfa", action="enroll", typed=("mfa", "enroll"))
    enroll.run(CommandContext(context.environ, as_enroll), enroll.Flags())


def _say_next(context: "CommandContext", owner: "Profile", planned: "Plan") -> None:
    """Say what to type next, and which other profiles work now."""
    from mfasession.setup import init

    context.aws_files.reread()
    roles, with_device = init.roles_of(context, owner.name)
    if roles:
        say(f"the same session assumes the roles of {', '.join(roles)}")
    if with_device and planned.is_served:
        say(f"aws asks for codes of its own where a role has an mfa_serial ({', '.join(with_device)}): remove it there")
    name, words = context.named(), ("aws", "s3", "ls")
    profile = context.profile()
    # The AWS CLI takes no region from a role's source profile; `exec` does.
    has_region = "region" in (context.aws_files.profile(profile.name) or {})
    if planned.is_served and has_region:
        say(f"next: {' '.join((*words, *(('--profile', quote(name)) if name else ())))}")
    else:
        say(f"next: {context.command_line('exec', '--', *words)}")
    if not (profile.region or context.environ.get("AWS_REGION") or context.environ.get("AWS_DEFAULT_REGION")):
        complain(
            f"profile {profile.name} has no region, and most AWS commands need one",
            context.command_line("init", "--region", "NAME"),
        )
