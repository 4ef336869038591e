"""`mfasession console`: open the AWS console as a role profile, in the browser."""

import sys
import time
from contextlib import suppress
from typing import TYPE_CHECKING

from mfasession import hints, process_memory, profiles, sessions, terminal
from mfasession.console import urls
from mfasession.durations import CONSOLE_MAXIMUM, show
from mfasession.errors import ConfigurationError, InputNeeded, UsageError
from mfasession.messages import say, until
from mfasession.profiles import regions
from mfasession.sessions.create import Creation, assumed, check_role, is_chained
from mfasession.sessions.renew import unkept
from mfasession.values import Secret, Value, partition_of

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence

    from mfasession.commands import CommandContext
    from mfasession.profiles import Profile
    from mfasession.values import Session

SUMMARY = "Open the AWS console as a role profile"
EXAMPLES = (
    ("mfasession console -p admin", "open the console as a role profile"),
    ("mfasession console -p admin --service s3", "open a service"),
    ("mfasession console -p admin --service s3 --service ec2", "open two services"),
    ("mfasession console -p admin --print", "print the address instead: it is a secret"),
)
_NAMED = 5
"""Role profiles that are named to somebody who has chosen none."""


class Flags(Value):
    """The flags of `console`."""

    services: tuple[str, ...] | list[str] = ()
    path: str = ""
    """Of a page, as in `/s3/home`."""
    region: str = ""
    lasts: int = 0
    """Seconds of the console itself; 0 is as long as the role's session."""
    print_url: bool = False
    with_qr_code: bool = False
    """Beside the printed address."""
    logout_first: bool = False


def add_arguments(parser: "argparse.ArgumentParser") -> None:
    """Add the flags of the command."""
    from mfasession.commands import session_flags
    from mfasession.commands.argument_types import code, console_duration, path, region, service

    parser.add_argument(
        "--service",
        dest="services",
        metavar="NAME",
        type=service,
        action="append",
        help="open a service: ec2, s3, cloudformation, …; may be given several times",
    )
    parser.add_argument("--path", metavar="PATH", type=path, help="open a page, such as /s3/home")
    parser.add_argument("--region", metavar="NAME", type=region, help="open another region than the profile's")
    parser.add_argument(
        "--duration",
        dest="lasts",
        metavar="D",
        type=console_duration,
        help="how long the console lasts: 15m to 12h; asks for a code (as long as the role's session)",
    )
    parser.add_argument("--code", metavar="C", type=code, help="the MFA code; - reads it from stdin")
    session_flags.add_role(parser)
    parser.add_argument("--logout-first", action="store_true", help="sign out of the current account or role first")
    parser.add_argument(
        "--print",
        dest="print_url",
        action="store_true",
        help="print the address, which is a secret, instead of opening it",
    )
    parser.add_argument(
        "--qr", dest="with_qr_code", action="store_true", help="with --print: show it as a QR code for a phone, too"
    )


def run(context: "CommandContext", flags: Flags) -> int:
    """Sign the browser in, or print the address that does."""
    from mfasession.console import browser

    _check(flags)
    process_memory.deny_ptrace()
    profile, region, partition = _chosen(context, flags)
    # Before a code is asked for.
    named = context.config.of(profile.name).browser
    shown_in = None if flags.print_url else browser.find(context.environ, command=named)
    session, seconds = _session(context, profile, flags.lasts)
    from mfasession.aws.federation import AwsSignin

    aws = AwsSignin(profile, session, context.environ)
    site = urls.site(partition, region, configured=aws.configured(), signs_out=flags.logout_first)
    pages = [urls.page(site, region, service=name, path=flags.path) for name in flags.services or ("",)]
    # Each page with a token of its own: nothing says that AWS takes one twice.
    addresses = [Secret(urls.login(site, page, aws.token(site.signin, seconds).reveal())) for page in pages]
    if flags.logout_first:
        addresses[0] = Secret(urls.logout(site, addresses[0].reveal()))
    if shown_in is None:
        _print(addresses, with_qr_code=flags.with_qr_code)
    else:
        for address in addresses:
            browser.show(shown_in, address, context.environ)
    now = time.time()
    say(f"console for {profile.name} until {until(int(now) + seconds if seconds else session.expires, now)}")
    return 0


def _check(flags: Flags) -> None:
    if flags.services and flags.path:
        raise UsageError("--service and --path both name a page", "leave one of them out")
    if flags.with_qr_code and not flags.print_url:
        raise UsageError("--qr shows the address that --print prints", "add --print")
    if flags.with_qr_code and not terminal.is_ours():
        raise InputNeeded("no terminal to show a QR code on", "leave --qr out")


def _print(addresses: "Sequence[Secret]", *, with_qr_code: bool) -> None:
    for address in addresses:
        sys.stdout.write(f"{address.reveal()}\n")
        sys.stdout.flush()
        if with_qr_code:
            _show_qr_code(address)
    these = "this address" if len(addresses) == 1 else "one of these addresses"
    say(f"anyone with {these} is signed in, for 15 minutes: keep it secret")


def _show_qr_code(address: Secret) -> None:
    """Show it on the terminal; the address is printed already, so what does not fit is only said."""
    from mfasession.terminal import qr

    with terminal.Terminal() as ours:
        try:
            code = qr.QrCode(address)
        except ValueError:
            say("the address is too long for a QR code")
            return
        drawn = code.text_for(ours)
        ours.write(drawn)
        if not drawn:
            say(code.why_not_shown())


def _chosen(context: "CommandContext", flags: Flags) -> "tuple[Profile, str, str]":
    """The profile, and the region and partition of its console. Raises ConfigurationError for what has none."""
    profile = context.profile()
    if profile.role is None:
        raise _no_role(context, profile)
    check_role(profile)
    region = flags.region or regions.in_use(profile, context.environ)
    partition = partition_of(profile.role.arn)
    urls.check_region(region, partition)
    return profile, region, partition


def _no_role(context: "CommandContext", profile: "Profile") -> ConfigurationError:
    """The error for a user: AWS federates no session of GetSessionToken, and the rule denies GetFederationToken."""
    names = _roles_of(context, profile)
    by_hand = "sign in by hand, with your password and a code"
    if names:
        others = f" (others: {', '.join(names[1:_NAMED])}{', …' if len(names) > _NAMED else ''})" if names[1:] else ""
        again = hints.command_line(*context.options.typed, profile=names[0])
        hint = f"{again}{others}; or {by_hand}"
    else:
        new = f"a profile with a role_arn and source_profile = {profile.name}"
        hint = f"name a role with --role-arn, or add {new}; or {by_hand}"
    return ConfigurationError(
        f"profile {profile.name} is a user's, and AWS signs no user's session in to the console, only a role's", hint
    )


def _roles_of(context: "CommandContext", user: "Profile") -> list[str]:
    """The role profiles that a user's session leads to, in the order of the files."""
    found: dict[str, Profile] = {}
    for name in context.aws_files.profile_names():
        # One that is broken is no way to the console.
        with suppress(ConfigurationError):
            profile = profiles.resolve(name, context.aws_files, context.config)
            found[profile.name] = profile
    return [name for name, each in found.items() if each.role is not None and each.key_section == user.key_section]


def _session(context: "CommandContext", profile: "Profile", wanted: int) -> "tuple[Session, int]":
    """The session to sign in with, and the seconds that the console is to last; 0 is as long as the session.

    AWS gives no seconds of its own to a role that temporary credentials have assumed (99designs/aws-vault#77).
    """
    if not is_chained(profile):
        return sessions.session(context, profile), wanted or CONSOLE_MAXIMUM
    if wanted:
        return _from_the_key(context, profile, wanted), wanted
    return _from_the_source(context, profile), 0


def _from_the_source(context: "CommandContext", profile: "Profile") -> "Session":
    """A new session of a role when that takes no code, for all the time that AWS gives it; else the kept one."""
    base = context.kept(profile.source) if profile.source else None
    if base is None or not base.is_alive(time.time()):
        return sessions.session(context, profile)
    from mfasession.aws.client import Aws

    return assumed(profile, base, Aws(profile, base, context.environ))


def _from_the_key(context: "CommandContext", profile: "Profile", wanted: int) -> "Session":
    """A session of a role straight from the long-term key, with a code of its own; it is kept nowhere."""
    if profile.source is not None and profile.source.role is not None:
        raise ConfigurationError(
            f"AWS gives the console of a role that another role assumes no {show(wanted)} of its own",
            "leave --duration out: it lasts as long as the role's session",
        )
    why = f"{show(wanted)} of the console take a code of their own: the session that is kept gives it an hour at most"
    if not context.options.code and not Creation(context, profile).can_ask():
        raise InputNeeded(
            f"{why}, and there is no terminal to ask for one", "leave --duration out, or give it: --code -"
        )
    terminal.say(f"mfasession: {why}")
    return unkept(context, profile)
