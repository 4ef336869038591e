"""`mfasession whoami`: who AWS takes you for, with MFA or not, until when, and from which credentials."""

import json
import sys
import time
from typing import TYPE_CHECKING

from mfasession import profiles, timestamps
from mfasession.commands import status
from mfasession.errors import ConfigurationError
from mfasession.messages import complain, until
from mfasession.profiles import listing
from mfasession.text import in_columns
from mfasession.values import LongTermKey, Secret, Session, Value, is_key_id, is_key_secret

if TYPE_CHECKING:
    import argparse

    from mfasession.aws.client import Identity
    from mfasession.commands import CommandContext
    from mfasession.profiles import Profile

SUMMARY = "Show who you are for AWS, with MFA or not, until when"
EXAMPLES = (
    ("mfasession whoami", "show the identity of this shell, or of the default profile"),
    ("mfasession whoami -p work", "show that of a profile, whatever this shell has"),
    ("mfasession whoami --json", "print it for scripts"),
)


class Flags(Value):
    """The flags of `whoami`."""

    json: bool = False


class _Credentials(Value):
    """What AWS is asked with, and what is known of it."""

    key: LongTermKey | Session
    profile: "Profile"
    source: str
    """`environment`, `session` or `key`."""
    has_mfa: bool | None = None
    """None when it cannot be known: credentials in the environment that are not ours."""
    store: str = ""
    expires: int = 0
    """Epoch seconds; 0 when not known, or for a long-term key."""


def add_arguments(parser: "argparse.ArgumentParser") -> None:
    """Add the flags of the command."""
    parser.add_argument("--json", action="store_true", help="print a JSON object, for scripts")


def run(context: "CommandContext", flags: Flags) -> int:
    """Ask AWS and print the answer; 1 when a role has no session. Asks for no code."""
    found = _of_environment(context) or _of_profile(context)
    if found is None:
        name = context.profile().name
        complain(f"no valid session for profile {name}", context.command_line("login", profile=name))
        return 1
    from mfasession.aws.alias import AwsAlias

    aws = AwsAlias(found.profile, found.key, context.environ)
    identity = aws.identity()
    # The rule denies a key without MFA everything that is of use here.
    alias = "" if found.has_mfa is False else aws.alias()
    if flags.json:
        sys.stdout.write(json.dumps(_record(found, identity, alias), indent=2) + "\n")
    else:
        sys.stdout.write(_table(found, identity, alias))
    return 0


def _of_environment(context: "CommandContext") -> _Credentials | None:
    """Return the credentials in the environment, which all AWS tools take first; None with -p, or when there are none.

    Where programs are served (`exec --server`), there are none, and the profile's session is what they get.
    """
    environ = context.environ
    key_id, secret = environ.get("AWS_ACCESS_KEY_ID", ""), Secret(environ.get("AWS_SECRET_ACCESS_KEY", ""))
    if context.options.profile or not key_id or not secret:
        return None
    if not is_key_id(key_id) or not is_key_secret(secret.reveal()):
        raise ConfigurationError(
            "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY are not an access key",
            "unset both, or name a profile: mfasession whoami -p NAME",
        )
    profile = _profile(context)
    token = Secret(environ.get("AWS_SESSION_TOKEN", ""))
    if not token:
        key = LongTermKey(access_key_id=key_id, secret_access_key=secret)
        return _Credentials(key=key, profile=profile, source="environment", has_mfa=False)
    kept = context.kept(profile)
    if kept is not None and kept.access_key_id == key_id:
        return _Credentials(key=kept, profile=profile, source="environment", has_mfa=True, expires=kept.expires)
    expires = _expiration(environ.get("AWS_CREDENTIAL_EXPIRATION", ""))
    session = Session(
        access_key_id=key_id, secret_access_key=secret, session_token=token, expires=expires, key_id=key_id
    )
    return _Credentials(key=session, profile=profile, source="environment", expires=expires)


def _of_profile(context: "CommandContext") -> _Credentials | None:
    """Return the profile's session, else its long-term key; None for a role without a session."""
    profile = context.profile()
    session = context.kept(profile)
    if session is not None and session.is_alive(time.time()):
        rows, _ = status.stored(context, profile)
        store = next((row.store for row in rows if row.session.access_key_id == session.access_key_id), "")
        return _Credentials(
            key=session, profile=profile, source="session", has_mfa=True, store=store, expires=session.expires
        )
    if profile.role is not None:
        return None
    from mfasession.sessions.connection import find_key

    key = find_key(context.environ, profile, no_input=context.request.no_input)
    return _Credentials(key=key, profile=profile, source="key", has_mfa=False)


def _profile(context: "CommandContext") -> "Profile":
    """Return the chosen profile; its name alone when the environment has credentials and the files do not matter."""
    try:
        return context.profile()
    except ConfigurationError:
        name = profiles.chosen("", context.environ, context.config)
        return listing.unresolved(name, context.aws_files, context.config)


def _expiration(text: str) -> int:
    try:
        return timestamps.parse(text)
    except ValueError:
        return 0


def _table(found: _Credentials, identity: "Identity", alias: str) -> str:
    serial = found.key.mfa_serial if isinstance(found.key, Session) else ""
    device = serial.rpartition(":mfa/")[2]
    mfa = "unknown" if found.has_mfa is None else "no" if not found.has_mfa else f"yes ({device})" if device else "yes"
    lines = [
        ("identity", identity.arn),
        ("account", f"{identity.account} ({alias})" if alias else identity.account),
        ("MFA", mfa),
        ("until", until(found.expires, time.time()) if found.expires else "-"),
        ("from", _source(found)),
    ]
    return in_columns(lines)


def _source(found: _Credentials) -> str:
    name = found.profile.name
    if found.source == "environment":
        return "AWS_ACCESS_KEY_ID in the environment" + (f" (session of profile {name})" if found.has_mfa else "")
    if found.source == "key":
        return f"the long-term key of profile {name}"
    return f"the session of profile {name} ({found.store})"


def _record(found: _Credentials, identity: "Identity", alias: str) -> dict[str, object]:
    is_environment = found.source == "environment" and not found.has_mfa
    return {
        "arn": identity.arn,
        "account": identity.account,
        "account_alias": alias or None,
        "mfa": found.has_mfa,
        "mfa_serial": (found.key.mfa_serial or None) if isinstance(found.key, Session) else None,
        "expiration": timestamps.show(found.expires) if found.expires else None,
        "seconds_left": max(int(found.expires - time.time()), 0) if found.expires else None,
        "source": found.source,
        "profile": None if is_environment else found.profile.name,
        "store": found.store or None,
    }
