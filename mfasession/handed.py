"""What `env` and `exec` leave in an environment besides the session: a mark, by which it is told from a person's words.

A profile or a region that we have set says nothing about what the person wants next; one that was set after it does.
On the path of every command.
"""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

MARK = "MFASESSION_HOLDS"
"""As in `eu-west-1/eu-west-1 work`: what AWS_REGION and AWS_DEFAULT_REGION were set to (empty: the person's own were
left), and whose session it is."""
REGIONS = ("AWS_REGION", "AWS_DEFAULT_REGION")


def mark(region: str | None, default_region: str | None, profile: str) -> str:
    """Return the value of `MARK`; None and empty are for a variable that was left as it was."""
    return f"{region or ''}/{default_region or ''} {profile}"


def profile(environ: "Mapping[str, str]") -> str:
    """Return the profile whose session the environment holds by our doing; empty when it holds none."""
    return environ.get(MARK, "").partition(" ")[2]


def own_region(environ: "Mapping[str, str]", name: str) -> str:
    """Return what the person has set one of `REGIONS` to; empty when it is not set, or was set by us."""
    value = environ.get(name, "")
    ours = environ.get(MARK, "").partition(" ")[0].split("/")
    return "" if value == ours[0 if name == REGIONS[0] else -1] else value
