"""The tools whose long-term keys can be imported: one file a tool, found by being here.

A file's name is the tool's, with `_` for `-`. It has `PLACE`, where the tool keeps its keys in words, and
`find(request)`, which returns the keys that are there. It may have `unread(request)`, which names the places, in words,
that `find` looks into only when a person has asked for an import. Nothing of another tool is ever changed.
"""

from collections.abc import Callable, Mapping, Sequence
from importlib import import_module
from typing import Protocol, cast

from mfasession import plugins
from mfasession.awsfiles import AwsFiles
from mfasession.errors import ConfigurationError
from mfasession.values import LongTermKey, Secret, Value


class Found(Value):
    """One long-term key of another tool."""

    profile: str
    """The profile that it is for: the name that its user types."""
    where: str
    """The place at the tool, in words."""
    key: LongTermKey | None = None
    """None when it was not read: it is encrypted, and no passphrase was asked for."""
    section: str = ""
    """The section of the AWS credentials file that holds the key; empty when it is not in our reach there."""
    mfa_serial: str = ""
    role_arn: str = ""
    """The role that the tool assumes for this profile."""
    removal: str = ""
    """What removes the key from the tool, as a command line or in words."""
    problem: str = ""
    """Why this one cannot be imported; empty when it can."""


class Request(Value):
    """What an importer may look at."""

    environ: Mapping[str, str]
    aws_files: AwsFiles
    path: str = ""
    """The file that was named on the command line."""
    profile: str = ""
    """The profile for a key that comes without a name."""
    passphrase: Callable[[str], Secret] | None = None
    """Asks for the passphrase of what the argument names; None to leave encrypted keys unread."""


class Importer(Protocol):
    """A file of this folder."""

    PLACE: str

    def find(self, request: Request) -> Sequence[Found]:
        """Return what the tool has, by profile. Raises ConfigurationError, InputNeeded, Cancelled, StoreError."""


def names() -> tuple[str, ...]:
    """Return the names of the tools, in alphabetical order."""
    return tuple(name.replace("_", "-") for name in plugins.names("setup.importers"))


def load(name: str) -> Importer:
    """Return the importer of a tool."""
    return cast("Importer", import_module(f"{__name__}.{name.replace('-', '_')}"))


def detect(environ: Mapping[str, str]) -> dict[str, Sequence[Found]]:
    """Return what each tool has left here, without asking for a passphrase; tools that have left nothing are missing.

    A tool whose files cannot be read is missing, too: `import` gives the reason.
    """
    request = Request(environ=environ, aws_files=AwsFiles(environ))
    found: dict[str, Sequence[Found]] = {}
    for name in names():
        try:
            keys = load(name).find(request)
        except ConfigurationError:
            continue
        if keys:
            found[name] = keys
    return found


def unread(environ: Mapping[str, str]) -> dict[str, Sequence[str]]:
    """Return the places, in words, where a tool seems to have keys that `detect` does not read."""
    request = Request(environ=environ, aws_files=AwsFiles(environ))
    found: dict[str, Sequence[str]] = {}
    for name in names():
        look: Callable[[Request], Sequence[str]] | None = getattr(load(name), "unread", None)
        try:
            places = look(request) if look is not None else ()
        except ConfigurationError:
            continue
        if places:
            found[name] = places
    return found
