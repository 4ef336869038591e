"""What the actions of `mfasession mfa` ask a person, or a program of theirs."""

from collections.abc import Sequence

from mfasession import codes, terminal
from mfasession.stores.keyring import read_seed


def codes_of(code: str | Sequence[str]) -> "codes.CodeSource":
    """Return the source of single codes that the configuration's word for it means."""
    return codes.source_for(code, seed_reader=read_seed)


def choose(serials: Sequence[str]) -> int:
    """Ask which device is meant; return its index. Raises Cancelled, InputNeeded."""
    return terminal.choose("which MFA device?", serials)
