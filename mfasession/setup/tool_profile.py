"""A profile for a tool: SDKs run its `credential_process`, which gives the session of another profile or of a role."""

from collections.abc import Mapping
from shlex import quote
from typing import TYPE_CHECKING

from mfasession import profiles
from mfasession.errors import ConfigurationError
from mfasession.profiles import ad_hoc
from mfasession.sessions import Context, SessionRequest
from mfasession.setup import aws_changes, preview
from mfasession.setup.file_change import FileChange, shown

if TYPE_CHECKING:
    from mfasession.profiles import Profile

_CHOOSE = "choose another name"


class NameTaken(ConfigurationError):
    """Another profile has the name."""

    def __init__(self, name: str, keys: Mapping[str, str]) -> None:
        super().__init__(f"there is a profile {name} already", _CHOOSE)
        self.lines = [shown(f"{key} = {value}") for key, value in keys.items()]
        """What it is in the AWS files, without secrets."""


def change(context: Context, name: str, program: str) -> FileChange | None:
    """Return the change that adds the profile to the AWS configuration file; None when it is there as it would be.

    It serves the profile, and the role if any, that `context` asks for, and gets its region. `program` is our absolute
    path. Raises NameTaken; ConfigurationError: the profile that is to be served is wrong, or what would be written does
    not read back.
    """
    served = context.profile()
    line = _line(program, served)
    there = context.aws_files.profile(name)
    if there is not None and there.get("credential_process") == line and "aws_access_key_id" not in there:
        return None
    if there is not None or name in context.config.profiles:
        raise NameTaken(name, there or {})
    for owner in {*context.aws_files.profile_names(), *context.config.profiles}:
        if profiles.session_section(owner, context.config) == name:
            raise ConfigurationError(f"[{name}] is where a session of profile {owner} is kept", _CHOOSE)
    keys = {"region": served.region} if served.region else {}
    found = aws_changes.in_config(context, {name: {**keys, "credential_process": line}})
    _check(context, found, name, served)
    found.check(context.environ)
    return found


def _line(program: str, served: "Profile") -> str:
    """Return what the SDKs run."""
    # A role without a profile has the name of the profile whose session assumes it.
    is_ad_hoc = served.role is not None and served.source is not None and served.source.name == served.name
    role = ad_hoc.flags_of(served.role) if served.role is not None and is_ad_hoc else []
    return " ".join(map(quote, (program, "process", "-p", served.name, *role)))


def _check(context: Context, found: FileChange, name: str, served: "Profile") -> None:
    """Raise ConfigurationError unless the profile, as it would be written, gives the same session."""
    view = preview.after(Context(context.environ, SessionRequest()), [found], name)
    try:
        read = profiles.resolve(name, view.aws_files, view.config)
    except ConfigurationError:
        read = None
    if read is None or (read.name, read.session_section) != (served.name, served.session_section):
        raise ConfigurationError(f"profile {name} would not be read as it is written: {found.path}", _CHOOSE)
