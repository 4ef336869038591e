"""The AWS files: modes, owners, folders, and whether the SDKs can read them."""

import os
import shlex
import stat
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from mfasession import files
from mfasession.awsfiles import is_managed, parse
from mfasession.errors import ConfigurationError, StoreError
from mfasession.files import system_errors
from mfasession.setup.checks import WARNING, Finding

if TYPE_CHECKING:
    from mfasession.sessions import Context

_VARIABLES = ("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE")


def check(context: "Context") -> Iterator[Finding]:
    """Yield what keeps a file from being read, or lets others read or change it."""
    aws_files = context.aws_files
    yield from _missing(context)
    readers = ((aws_files.credentials_path, files.read_private), (aws_files.config_path, files.read_trusted))
    faults = [fault for path, read in readers for fault in _faults(path, read)]
    yield from faults
    if not faults:
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
        words = _command(fault.hint)
        is_about_access = words[:1] in (["chmod"], ["chown"], ["sudo"], ["setfacl"])
        name = "file-open-to-others" if is_about_access else "file-unreadable"
        yield Finding(name=name, message=fault.message, hint=fault.hint, fix=_fix(words))
        if not is_about_access:
            return
    try:
        # The text is parsed whoever may read it: both faults are shown at once.
        parse(path, files.read_text(path) or "")
    except ConfigurationError as fault:
        yield Finding(name="file-malformed", message=fault.message, hint=fault.hint)


def _command(hint: str) -> list[str]:
    try:
        return shlex.split(hint)
    except ValueError:
        return []


def _fix(words: list[str]) -> Callable[[], None] | None:
    """Return what runs a hint that is `chmod 600 FILE` or `chmod go-w FILE` and nothing else."""
    match words:
        case ["chmod", "600", path]:
            return lambda: _change_mode(path, lambda _: 0o600)
        case ["chmod", ("g-w" | "o-w" | "go-w") as change, path]:
            taken = sum(bit for who, bit in (("g", stat.S_IWGRP), ("o", stat.S_IWOTH)) if who in change[:-2])
            return lambda: _change_mode(path, lambda mode: mode & ~taken)
    return None


def _change_mode(path: str, change: Callable[[int], int]) -> None:
    """Change the mode of a file or a folder. Raises StoreError."""
    try:
        os.chmod(path, change(stat.S_IMODE(os.stat(path).st_mode)))
    except OSError as error:
        raise StoreError(
            f"the mode of {path} cannot be changed: {system_errors.plain(error)}", f"ls -ld {shlex.quote(path)}"
        ) from None


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
        yield Finding(
            name="wrong-header",
            message=f"{path} has a section [{header}], which AWS tools do not take for profile {name}",
            hint=f"rename that section to [{right}]",
            severity=WARNING,
            profile=name,
        )
