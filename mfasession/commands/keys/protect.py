"""`mfasession keys protect`: move long-term keys from plain text into the keyring, or where `keys_in` says."""

from shlex import quote
from typing import TYPE_CHECKING

from mfasession.commands.confirmation import confirm, raise_last
from mfasession.commands.keys.common import exit_code, show_line_for_sdks
from mfasession.errors import MfaSessionError, UsageError
from mfasession.keys import locate, protect
from mfasession.messages import complain, say
from mfasession.profiles import listing
from mfasession.text import in_columns
from mfasession.values import Value

if TYPE_CHECKING:
    import argparse
    from collections.abc import Mapping, Sequence

    from mfasession.commands import CommandContext
    from mfasession.keys.locate import VisibleKey
    from mfasession.keys.protect import Protected

SUMMARY = "Move your key from plain text into the keyring"


class Flags(Value):
    """The flags of `keys protect`."""

    all: bool = False
    yes: bool = False


def add_arguments(parser: "argparse.ArgumentParser") -> None:
    """Add the flags of the action."""
    parser.add_argument("--all", action="store_true", help="move every key that is in plain text")
    parser.add_argument("--force", action="store_true", help="replace another key in the keyring without asking")
    parser.add_argument("--yes", action="store_true", help="with --all: do not ask")


def run(context: "CommandContext", flags: Flags) -> int:
    """Move the key, or all keys, and report where they are."""
    if flags.all:
        return _all(context, flags)
    if flags.yes:
        raise UsageError("--yes belongs to --all: one key is moved without a question", "leave --yes out")
    profile = locate.owner(context)
    protected = protect.protect(context, profile)
    _report(profile.key_section, protected)
    for name in protected.also:
        complain(f"profile {name} has the same key in plain text", f"mfasession keys protect -p {quote(name)}")
    show_line_for_sdks(context, profile)
    return exit_code(protected.failures)


def _report(section: str, protected: "Protected") -> None:
    of = f"key {protected.key_id} of profile {section}"
    if protected.out_of:
        say(f"{of} is in {protected.to}, and no longer in {protected.out_of}")
    else:
        say(f"{of} is in {protected.to} already")


def _all(context: "CommandContext", flags: Flags) -> int:
    """One key after the other: whenever it ends, each is in one place at least, and a second run does the rest."""
    if context.request.profile:
        raise UsageError("--all means every profile, and -p names one", "leave one of them out")
    plain = [each for each in locate.visible(context)[0] if each.place.is_plain_text]
    if not plain:
        say("no long-term key is in plain text")
        return 0
    plan = _plan(plain, {each.profile: protect.hidden_place(context, each.profile).where for each in plain})
    confirm(context, plan, f"move {len(plain)} key{'s' if len(plain) > 1 else ''}?", yes=flags.yes)
    failures: list[MfaSessionError] = []
    for name in dict.fromkeys(each.profile for each in plain):
        profile = listing.unresolved(name, context.aws_files, context.config)
        try:
            protected = protect.protect(context, profile)
        except MfaSessionError as failure:
            failures.append(failure)
            continue
        _report(name, protected)
        failures += protected.failures
        show_line_for_sdks(context, profile)
    raise_last(failures)
    return 0


def _to(to: "Mapping[str, str]", seen: "VisibleKey") -> str:
    return f"to {to[seen.profile]}" if len(set(to.values())) > 1 else ""


def _plan(plain: "Sequence[VisibleKey]", to: "Mapping[str, str]") -> list[str]:
    """The lines of the plan; `to` has the new place of each profile's key."""
    places = list(dict.fromkeys(to.values()))
    head = f"move to {places[0]}:" if len(places) == 1 else "move:"
    rows = [
        (
            each.key_id,
            f"profile {each.profile}",
            f"from {each.place.where}",
            f"to {to[each.profile]}" * (len(places) > 1),
        )
        for each in plain
    ]
    return [head, *(f"  {line}".rstrip() for line in in_columns(rows).splitlines())]
