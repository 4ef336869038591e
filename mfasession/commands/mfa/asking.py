"""What the actions of `mfasession mfa` ask a person, or a program of theirs."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from mfasession import codes, terminal
from mfasession.stores.encrypted.seeds import Seeds

if TYPE_CHECKING:
    from mfasession.commands import CommandContext


def codes_of(context: "CommandContext", code: str | Sequence[str], keys_in: str) -> "codes.CodeSource":
    """Return the source of single codes that the configuration's word for it means; `keys_in` is its setting, too."""
    seeds = Seeds(context.environ, keys_in, no_input=context.options.no_input)
    return codes.source_for(code, seed_reader=seeds.read)


def choose(serials: Sequence[str]) -> int:
    """Ask which device is meant; return its index. Raises Cancelled, InputNeeded."""
    return terminal.choose("which MFA device?", serials)
