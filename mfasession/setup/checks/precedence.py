"""Settings of one profile of which AWS tools use another one than it seems; programs that cannot run."""

import shlex
import shutil
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from mfasession import hints, profiles
from mfasession.awsfiles import is_managed
from mfasession.errors import ConfigurationError, StoreError
from mfasession.profiles import process_line
from mfasession.setup.checks import CIRCLE, ERROR, WARNING, Finding
from mfasession.stores import keys as key_places
from mfasession.stores.keyrings.backend import KeyringAbsent
from mfasession.text import printable

if TYPE_CHECKING:
    from mfasession.sessions import Context

_ID = "aws_access_key_id"


def check(context: "Context") -> Iterator[Finding]:
    """Yield what the order of the credential chain (botocore's, the AWS CLI's) hides in each profile."""
    aws_files = context.aws_files
    only = context.request.profile
    for name in [only] if only else aws_files.profile_names():
        kept, configured = aws_files.credentials(name) or {}, aws_files.config(name) or {}
        if is_managed(kept):
            yield from _beside_session(name, configured)
            continue
        yield from _two_pairs(context, name, kept, configured)
        yield from _process(context, name, kept, {**configured, **kept}.get("credential_process", ""))


def _beside_session(name: str, configured: Mapping[str, str]) -> Iterator[Finding]:
    if "role_arn" in configured:
        yield Finding(
            name="role-on-session-profile",
            message=f"profile {name} has a role_arn, which AWS tools use instead of the session that is kept there",
            hint=f"move role_arn to a profile of its own, with source_profile = {name}",
            profile=name,
        )


def _two_pairs(
    context: "Context", name: str, kept: Mapping[str, str], configured: Mapping[str, str]
) -> Iterator[Finding]:
    if kept.get(_ID) and configured.get(_ID) and kept[_ID] != configured[_ID]:
        path = context.aws_files.credentials_path
        yield Finding(
            name="key-in-both-files",
            message=f"profile {name} has another key pair in each AWS file; the one in {path} counts",
            hint=f"remove the key pair of profile {name} from {context.aws_files.config_path}",
            severity=WARNING,
            profile=name,
        )


def _process(context: "Context", name: str, kept: Mapping[str, str], line: str) -> Iterator[Finding]:
    if not line:
        return
    served = process_line.served_by({"credential_process": line})
    if kept.get(_ID):
        fix = hints.command_line("keys", "protect", profile=name) if served == name else ""
        yield Finding(
            name="key-before-process",
            message=f"profile {name} has a key pair, which AWS tools use instead of its credential_process",
            hint=fix or f"remove the key pair of profile {name} from {context.aws_files.credentials_path}",
            profile=name,
        )
    yield from _program(name, line)
    if chain := _circle(context, name, served):
        yield Finding(
            name=CIRCLE,
            message=f"no key is behind the credential_process of profile {name}: {' -> '.join([*chain, name])}",
            hint=hints.command_line("keys", "add", profile=name),
            profile=name,
        )
    elif served and served != name:
        yield from _served(context, name, served)


def _program(name: str, line: str) -> Iterator[Finding]:
    try:
        words = shlex.split(line)
    except ValueError:
        yield Finding(
            name="process-unreadable",
            message=f"the credential_process of profile {name} has an open quote",
            hint=f"aws configure set credential_process '…' --profile {shlex.quote(name)}",
            profile=name,
        )
        return
    if words and shutil.which(words[0]) is None:
        yield Finding(
            name="process-not-found",
            message=f"the credential_process of profile {name} runs {printable(words[0])}, which is not found",
            hint="give its whole path: programs from a desktop may have another PATH than your shell",
            profile=name,
        )


def _served(context: "Context", name: str, served: str) -> Iterator[Finding]:
    """Yield that our `credential_process` runs us for a profile that there is not."""
    try:
        profiles.resolve(served, context.aws_files, context.config)
    except ConfigurationError as fault:
        yield Finding(
            name="process-of-unusable-profile",
            message=f"the credential_process of profile {name} asks for profile {served}: {fault.message}",
            hint=fault.hint,
            severity=ERROR,
            profile=name,
        )
        return


def _circle(context: "Context", name: str, served: str) -> list[str]:
    """Return the profiles, from `name` on, that serve each other in a circle and have no key; empty when none do."""
    aws_files, chain, current = context.aws_files, [name], served
    while current and current not in chain:
        chain.append(current)
        keys = aws_files.profile(current) or {}
        # A managed section means the profile that its session is of.
        meant = profiles.meant(current, aws_files, context.config)
        current = meant if meant != current else process_line.served_by(keys)
    if current != name or any(
        (aws_files.profile(each) or {}).get(_ID) for each in chain if not _is_session(context, each)
    ):
        return []
    return [] if any(_may_have_key_elsewhere(context, each) for each in chain) else chain


def _is_session(context: "Context", name: str) -> bool:
    return is_managed(context.aws_files.credentials(name))


def _may_have_key_elsewhere(context: "Context", name: str) -> bool:
    keys_in = context.config.of(name).keys_in
    try:
        place = key_places.in_use(name, keys_in, context.environ, no_input=True)
        return place is not None and place.ids() is not None
    except KeyringAbsent:
        return False
    except StoreError:
        # The check of the keyring says why it does not answer.
        return True
