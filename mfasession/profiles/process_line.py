"""Reads the credential_process of a profile: whether it runs us, and for which profile."""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_LONGEST = 4096
"""The longest quoted credential_process that is read, in characters: the time of `shlex` grows with the square of
it."""


def served_by(keys: "Mapping[str, str]") -> str:
    """Return the profile of a credential_process that runs us; empty for any other program, or without a profile."""
    words = _arguments_of_ours(keys)
    return next((next(words, "") for word in words if word in ("-p", "--profile")), "") if words else ""


def runs_us(keys: "Mapping[str, str]") -> bool:
    """Return whether the keys have a credential_process that runs us, with or without a profile."""
    return _arguments_of_ours(keys) is not None


def _arguments_of_ours(keys: "Mapping[str, str]") -> "Iterator[str] | None":
    line = keys.get("credential_process", "")
    if "mfasession" not in line:
        return None
    words = iter(words_of(line.replace("--profile=", "-p ")))
    # Python may stand before us, with flags of its own: docs/sdks.md.
    programs = (word.rpartition("/")[2] for word in words if word[:1] != "-")
    found = next((name for name in programs if not name.startswith("python")), "")
    return words if found == "mfasession" else None


def words_of(line: str) -> list[str]:
    """Return the words of a credential_process; none when it cannot be read."""
    if not any(char in line for char in "'\"\\"):
        return line.split()
    if len(line) > _LONGEST:
        return []
    import shlex

    try:
        return shlex.split(line)
    except ValueError:
        return []
