"""`mfasession mfa enroll`: a device for who has none, with nothing but a long-term key."""

import time
from shlex import quote
from typing import TYPE_CHECKING

from mfasession import codes
from mfasession.commands import next_step
from mfasession.commands.mfa.asking import codes_of
from mfasession.keys import locate
from mfasession.messages import complain, say, until
from mfasession.mfa import code_pair, names
from mfasession.mfa.enroll import Enrolled, EnrollOptions, Enrolment
from mfasession.mfa.seed_output import SeedOutputs
from mfasession.stores.encrypted.seeds import NAME, Seeds
from mfasession.values import Value

if TYPE_CHECKING:
    import argparse

    from mfasession.commands import CommandContext
    from mfasession.profiles import Profile

SUMMARY = "Create and enable an MFA device: a QR code, two codes, and the first login"


class Flags(Value):
    """The flags of `mfa enroll`."""

    name: str = ""
    png: str = ""
    to: str = ""
    to_command: tuple[str, ...] = ()
    secret: bool = False
    codes: str = ""


def add_arguments(parser: "argparse.ArgumentParser") -> None:
    """Add the flags of the action."""
    from mfasession.commands.argument_types import command, stdin_codes

    parser.add_argument("--name", metavar="NAME", type=_name, help="the name of the device (your user name)")
    parser.add_argument("--png", metavar="FILE", help="write the QR code to a new file that only you can read")
    parser.add_argument("--to", choices=("keyring", NAME), help='store the seed there, for code = "totp"')
    parser.add_argument("--to-command", metavar="CMD", type=command, help="run CMD with the otpauth address on stdin")
    parser.add_argument("--secret", action="store_true", default=None, help="also show the seed as text")
    parser.add_argument("--codes", metavar="-", type=stdin_codes, help="read the two codes from stdin, one per line")


def _name(text: str) -> str:
    names.read(text)
    return text


def run(context: "CommandContext", flags: Flags) -> int:
    """Enrol a device, or end what an interrupted run has begun, and log in with it."""
    profile = locate.owner(context)
    seeds = Seeds(context.environ, profile.settings.keys_in, no_input=context.options.no_input)
    outputs = SeedOutputs(
        png=flags.png,
        keyring=flags.to == "keyring",
        seeds=seeds if flags.to == NAME else None,
        command=flags.to_command,
        secret=flags.secret,
    )
    options = EnrollOptions(
        name=flags.name,
        outputs=outputs,
        codes=_codes(context, profile, flags),
        no_input=context.options.no_input,
        code_program="" if flags.to or flags.to_command else _program(profile),
    )
    enrolled = Enrolment(context, profile, options, say).run()
    if not enrolled.is_new:
        device = enrolled.device
        complain(
            f"{device.user} in {enrolled.account} has device {device.name} already",
            f"{context.command_line('mfa', 'enroll', '--name', 'NAME')} adds another",
        )
        return 0
    _report(context, profile, enrolled, outputs)
    if enrolled.failures:
        raise enrolled.failures[0]
    return 0


def _codes(context: "CommandContext", profile: "Profile", flags: Flags) -> code_pair.PairSource | None:
    """Where the two codes come from: a configured program counts only for a seed that was handed to a program."""
    if flags.codes:
        return code_pair.StdinPair()
    if flags.to:
        return None
    code = profile.settings.code
    source = codes.source_class(code)
    is_asked = source.interactive or (flags.to_command and not source.uses_seed)
    return code_pair.AskedPair(codes_of(context, code if is_asked else codes.DEFAULT, profile.settings.keys_in))


def _program(profile: "Profile") -> str:
    """Return what the configuration has codes taken from, when that is a program with seeds of its own."""
    code = profile.settings.code
    source = codes.source_class(code)
    if source.interactive or source.uses_seed:
        return ""
    name, *words = [code] if isinstance(code, str) else code
    return words[0] if name == codes.COMMAND else name


def _report(context: "CommandContext", profile: "Profile", enrolled: Enrolled, outputs: SeedOutputs) -> None:
    serial, name = enrolled.device.serial, profile.name
    login = context.command_line("login", "--serial", serial)
    if outputs.png:
        complain(f"{outputs.png} holds the seed", f"rm {quote(outputs.png)}, once the app has it")
    if outputs.is_kept and not codes.source_class(profile.settings.code).uses_seed:
        where = "the keyring" if outputs.keyring else "the encrypted file"
        say(f'its seed is in {where}; with code = "totp" in the configuration, logins take its codes by themselves')
    if enrolled.session is not None:
        say(f"session for {name} until {until(enrolled.session.expires, time.time())}")
        next_step.say_it(context, profile)
    if enrolled.named not in ("", serial):
        complain(
            f"profile {name} names another device, {enrolled.named}",
            f"{login}, or set mfa_serial = {serial} in the profile",
        )
    elif enrolled.session is None and not enrolled.failures:
        say(f"to use it: {login}")
