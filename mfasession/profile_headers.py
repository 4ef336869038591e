"""Which profile a section header of the AWS configuration file names."""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping


def profiles(sections: "Mapping[str, dict[str, str]]") -> dict[str, dict[str, str]]:
    """Return the profiles by name, in file order; a later section of the same profile wins, as in botocore.

    `[default]`, `[profile x]` and `[profile "a b"]` are profiles, and for botocore `[profiles x]` too. Anything else
    (`[x]`, `[sso-session x]`, two words without quotes) is silently none, as in botocore and the AWS CLI.
    """
    found: dict[str, dict[str, str]] = {}
    for header, keys in sections.items():
        name = _name(header)
        if name is not None:
            found[name] = keys
    return found


def _name(header: str) -> str | None:
    if header == "default":
        return header
    if not header.startswith("profile"):
        return None
    words = _words(header)
    return words[1] if len(words) == 2 else None


def _words(header: str) -> list[str]:
    if not any(char in header for char in "'\"\\"):
        # Not `split()`: a no-break space is part of a name.
        return [word for word in header.replace("\t", " ").split(" ") if word]
    import shlex

    try:
        return shlex.split(header)
    except ValueError:
        # An apostrophe with no partner: no SDK sees a profile there.
        return []
