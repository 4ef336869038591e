"""What the actions of `mfasession keys` share."""

import os
import shutil
import sys
import time
from shlex import quote
from typing import TYPE_CHECKING

from mfasession import awsfiles
from mfasession.awsfiles import headers
from mfasession.messages import say
from mfasession.profiles import listing

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mfasession.aws.access_keys import AccessKey
    from mfasession.commands import CommandContext
    from mfasession.errors import MfaSessionError
    from mfasession.profiles import Profile


def exit_code(failures: "Sequence[MfaSessionError]") -> int:
    """Return 0, or raise the first of the failures that did not stop the rest of the work."""
    if failures:
        raise failures[0]
    return 0


def status_of(key: "AccessKey") -> str:
    """Return the status of a key as people read it."""
    return "active" if key.is_active else "inactive"


def day(when: int) -> str:
    """Return a time, in epoch seconds, as a day in local time."""
    return time.strftime("%Y-%m-%d", time.localtime(when))


def show_line_for_sdks(context: "CommandContext", profile: "Profile") -> None:
    """Print the `credential_process` line on stderr, unless a profile has it: SDKs do not read our keyring items."""
    context.aws_files.reread()
    if (context.aws_files.profile(profile.name) or {}).get("credential_process"):
        return
    configured = awsfiles.parse(context.aws_files.config_path, context.aws_files.config_text())
    if any(listing.is_served(profile, keys) for keys in configured.values()):
        return
    header = headers.written(profile.name)
    say(f"for SDKs and the AWS CLI, put this line into [{header}] of {context.aws_files.config_path}:")
    sys.stderr.write(f"  credential_process = {quote(program())} process -p {quote(profile.name)}\n")


def program() -> str:
    """Return the absolute path of this program: SDKs neither expand a path nor search for it."""
    ours = os.path.abspath(sys.argv[0])
    return ours if os.path.basename(ours) == "mfasession" else shutil.which("mfasession") or ours
