"""Maps section headers of the AWS configuration file to profile names, and back."""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

_LONGEST = 4096
"""The longest quoted header that is read, in characters: the time of `shlex` grows with the square of it."""


def profiles(sections: "Mapping[str, dict[str, str]]") -> dict[str, dict[str, str]]:
    """Return the profiles by name, in file order; a later section of the same profile wins, as in botocore.

    `[default]`, `[profile x]` and `[profile "a b"]` are profiles, and for botocore `[profiles x]` too. Anything else
    (`[x]`, `[sso-session x]`, two words without quotes) is silently ignored, as in botocore and the AWS CLI.
    """
    return {name: sections[header] for name, header in headers(sections).items()}


def headers(sections: "Iterable[str]") -> dict[str, str]:
    """Return the header of each profile by its name, in file order; the last of several, which wins."""
    named = ((_name(header), header) for header in sections)
    return {name: header for name, header in named if name is not None}


def written(name: str) -> str:
    """Return the header for a new profile as the AWS CLI writes it."""
    if name == "default":
        return name
    if not any(char.isspace() or char in "'\"\\" for char in name):
        return f"profile {name}"
    import shlex

    return f"profile {shlex.quote(name)}"


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
    if len(header) > _LONGEST:
        return []
    import shlex

    try:
        return shlex.split(header)
    except ValueError:
        # An unpaired quote: no SDK sees a profile there.
        return []
