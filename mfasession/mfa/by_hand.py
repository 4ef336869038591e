"""The lines that people are told to type."""

from shlex import quote
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mfasession.context import Context


def line(context: "Context", *words: str) -> str:
    """Return the line that runs mfasession with these words for the same profile."""
    option = ("-p", context.options.profile) if context.options.profile else ()
    return " ".join(("mfasession", *map(quote, (*words, *option))))
