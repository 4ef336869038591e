"""Text that is safe to show."""


def printable(text: str) -> str:
    """Return the text without control characters: nothing from AWS or from a file reaches a terminal raw."""
    return "".join(char if char.isprintable() else "?" for char in text)
