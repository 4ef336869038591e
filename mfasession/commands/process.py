"""`mfasession process`: what a `credential_process` line runs. On the path of every command.

AWS SDKs and Tools Reference Guide, "Process credential provider", version 1.
"""

import sys

from mfasession import sessions, timestamps

TYPE_CHECKING = False
if TYPE_CHECKING:
    import argparse

    from mfasession.commands import CommandContext
    from mfasession.values import Session

SUMMARY = "Print a session as the JSON that credential_process expects"
EXAMPLES = (
    ("mfasession process -p work", "print what a credential_process line in ~/.aws/config runs"),
    ("mfasession process --no-input", "fail instead of asking for a code"),
)


def add_arguments(parser: "argparse.ArgumentParser") -> None:
    """Add the flags of the command."""
    from mfasession.commands import session_flags

    session_flags.add(parser, region_is="the region whose STS is asked; the JSON names no region")


def run(context: "CommandContext") -> int:
    """Print the session's credentials, version 1."""
    sys.stdout.write(render(sessions.session(context, context.profile())))
    return 0


def render(session: "Session") -> str:
    """Return the one JSON object, with Expiration in RFC 3339 and Z, and a newline."""
    fields = {
        "AccessKeyId": session.access_key_id,
        "SecretAccessKey": session.secret_access_key.reveal(),
        "SessionToken": session.session_token.reveal(),
        "Expiration": timestamps.show(session.expires),
    }
    members = ", ".join(f'"{name}": {_text(value)}' for name, value in fields.items())
    return f'{{"Version": 1, {members}}}\n'


def _text(value: str) -> str:
    # Importing `json` costs half as much as the interpreter; credentials are plain ASCII, which needs no escapes.
    if value.isascii() and value.isprintable() and '"' not in value and "\\" not in value:
        return f'"{value}"'
    import json

    return json.dumps(value)
