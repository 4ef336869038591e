"""The AWS files: modes, owners, folders, and whether the SDKs can read them."""

import os
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from mfasession import files
from mfasession.awsfiles import is_managed, parse
from mfasession.errors import ConfigurationError
from mfasession.setup import mode_change
from mfasession.setup.checks import WARNING, Finding, Seen
from mfasession.setup.header_change import HeaderChange

if TYPE_CHECKING:
    from mfasession.sessions import Context

_VARIABLES = ("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE")


def check(context: "Context") -> Iterator[Finding | Seen]:
    """Yield what keeps a file from being read, or lets others read or change it."""
    aws_files = context.aws_files
    for path in (aws_files.config_path, aws_files.credentials_path):
        yield Seen(what="AWS file", found=path if os.path.lexists(path) else f"none at {path}")
    yield from _missing(context)
    readers = ((aws_files.credentials_path, files.read_private), (aws_files.config_path, files.read_trusted))
    faults = [fault for path, read in readers for fault in _faults(path, read)]
    yield from faults
    if all(fault.name == "file-open-to-others" for fault in faults):
        yield from _headers(context)


def _missing(context: "Context") -> Iterator[Finding]:
    for variable in _VARIABLES:
        named = context.environ.get(variable, "")
        path = os.path.expanduser(os.path.expandvars(named))
        if named and not os.path.exists(path):
            yield Finding(
                name="file-missing",
                message=f"{variable} names {path}, and there is no such file",
                hint=f"unset {variable}",
            )


def _faults(path: str, read: Callable[[str], str | None]) -> Iterator[Finding]:
    try:
        read(path)
    except ConfigurationError as fault:
        is_about_access = fault.hint.split(" ", 1)[0] in ("chmod", "chown", "sudo", "setfacl")
        name = "file-open-to-others" if is_about_access else "file-unreadable"
        yield Finding(name=name, message=fault.message, hint=fault.hint, fix=mode_change.of_hint(fault.hint))
        if not is_about_access:
            return
    try:
        # The text is parsed whoever may read it: both faults are shown at once.
        parse(path, files.read_text(path) or "")
    except ConfigurationError as fault:
        yield Finding(name="file-malformed", message=fault.message, hint=fault.hint)


def _headers(context: "Context") -> Iterator[Finding]:
    """Yield sections whose headers no SDK takes for a profile's."""
    aws_files = context.aws_files
    credentials = parse(aws_files.credentials_path, aws_files.credentials_text())
    config = parse(aws_files.config_path, aws_files.config_text())
    names = [header.removeprefix("profile ") for header in credentials if header.startswith("profile ")]
    # Other sections of the configuration file have a type before their names, as in `sso-session x`.
    names += [header for header in config if " " not in header and header != "default" and header not in credentials]
    for name in dict.fromkeys(names):
        found = aws_files.misplaced(name)
        if found is None or (found[2] in config and is_managed(credentials.get(name))):
            continue
        path, header, right = found
        if header in ("plugins", "preview", "services"):
            continue
        change = HeaderChange(path=path, header=header, right=right)
        # A profile that has a section already would get other settings or keys.
        is_safe = aws_files.profile(name) is None and change.is_possible()
        yield Finding(
            name="wrong-header",
            message=f"{path} has a section [{header}], which AWS tools do not take for profile {name}",
            hint=f"rename that section to [{right}]",
            severity=WARNING,
            profile=name,
            fix=change if is_safe else None,
        )
