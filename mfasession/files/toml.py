"""Reads untrusted TOML: returns a tree, or raises ValueError with a reason that quotes nothing."""

import tomllib
from typing import Any

SIZE_LIMIT = 1_000_000
"""The longest text that is read, in characters."""
_DOTS = 100
"""Dots in a line at most: tomllib's work grows with the square of a key's parts, to minutes and gigabytes."""
_ENDLESS = "a number or a nesting in it is endless"


def read(text: str) -> dict[str, Any]:
    """Return the tree. Raises ValueError: not TOML (with the place), too long, or endless in a number or a nesting."""
    if len(text) > SIZE_LIMIT:
        raise ValueError(f"it is longer than {SIZE_LIMIT} characters")
    if any(line.count(".") > _DOTS for line in text.split("\n")):
        raise ValueError(_ENDLESS)
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        # The decoder quotes single characters and places only, never a value.
        raise ValueError(str(error)) from None
    except (ValueError, RecursionError):
        raise ValueError(_ENDLESS) from None
