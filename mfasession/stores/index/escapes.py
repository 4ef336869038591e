r"""Text in one line of ASCII: a backslash, a line break and every character outside ASCII as Python escapes them.

The codec `unicode_escape` writes them. It also reads what it never writes, with a warning from Python (`\q`), so they
are read here. A hit imports this only for a text with a backslash.
"""

_NAMED = {"n": "\n", "r": "\r", "t": "\t"}
_DIGITS = {"x": 2, "u": 4, "U": 8}


def escaped(text: str) -> str:
    """Return a text as one line."""
    return text.encode("unicode_escape").decode("ascii")


def unescaped(line: str) -> "str | None":
    """Return the text of a line; None when `escaped` cannot have written an escape in it."""
    first, *rest = line.split("\\")
    found = [first]
    parts = iter(rest)
    for part in parts:
        # Nothing between two backslashes: the first one escapes the second.
        char, behind = ("\\", next(parts, None)) if not part else _character(part)
        if char is None or behind is None:
            return None
        found += char, behind
    return "".join(found)


def _character(part: str) -> "tuple[str | None, str]":
    """Return the character of the escape at the start of a text, or None, and what follows."""
    if part[0] in _NAMED:
        return _NAMED[part[0]], part[1:]
    end = 1 + _DIGITS.get(part[0], 0)
    digits = part[1:end]
    # `int` reads signs, spaces and digits of other scripts, too.
    if len(digits) < end - 1 or not (digits.isascii() and digits.isalnum()):
        return None, ""
    try:
        return chr(int(digits, 16)), part[end:]
    except (ValueError, OverflowError):
        return None, ""
