"""The sessions of a long-term key: finds one for IAM's calls, and forgets all of them with the key."""

import time
from collections.abc import Collection
from typing import TYPE_CHECKING

from mfasession.errors import ConfigurationError, MfaSessionError
from mfasession.sessions import Context, renew

if TYPE_CHECKING:
    from mfasession.profiles import Profile
    from mfasession.values import Session

ENOUGH = 120
"""Seconds that a stored session must still live to be used."""
UNKEPT = 15 * 60
"""Seconds of a session for one task that is not stored: the shortest that AWS allows."""


def live(context: Context, key_ids: Collection[str]) -> "Session | None":
    """Return a stored user session with MFA that one of these keys has made, if one lives long enough."""
    for store in context.stores():
        try:
            for section in store.sections():
                session = store.load(section)
                if session is not None and session.key_id in key_ids and _is_good(session):
                    return session
        except MfaSessionError:
            continue
    return None


def for_iam(context: Context, profile: "Profile", key_ids: Collection[str]) -> "Session":
    """Return a session for IAM's calls: a stored one, else a new one for a code, which is not stored.

    A given code is always used. Raises InputNeeded, Cancelled, AwsRefused, AwsUnreachable.
    """
    kept = None if context.request.code else live(context, key_ids)
    if kept is not None:
        return kept
    return renew.unkept(Context(context.environ, context.request.replace(duration=UNKEPT)), profile)


def forget(context: Context, key_ids: Collection[str], section: str = "") -> list[MfaSessionError]:
    """Forget all sessions that these keys have made, with those of roles; return the failures of stores.

    `section` is forgotten whatever its key, and also when it is only listed: a killed run may leave that.
    """
    failures: list[MfaSessionError] = []
    context.aws_files.reread()
    for store in context.stores():
        try:
            sections = store.sections()
        except MfaSessionError as failure:
            failures.append(failure)
            continue
        for name in sections:
            try:
                if name == section or _is_of(store.load(name), key_ids):
                    store.forget(name)
            except MfaSessionError as failure:
                failures.append(failure)
    return failures


def _is_of(session: "Session | None", key_ids: Collection[str]) -> bool:
    return session is not None and session.key_id in key_ids


def _is_good(session: "Session") -> bool:
    return not session.role_arn and bool(session.mfa_serial) and session.expires - time.time() > ENOUGH


def user_of(arn: str) -> str:
    """Return the user's name in an ARN. Raises ConfigurationError for the root user, whose keys are not supported."""
    if arn.endswith(":root"):
        raise ConfigurationError(
            "that is the key of the account's root user", "delete it in the console, and make one for an IAM user"
        )
    return arn.rpartition("/")[2]
