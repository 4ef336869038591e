"""Checks AWS's answers and refuses those that AWS would never send.

A portal, a mock or a proxy that answers in place of AWS must not make us store, show or pass on its values. Every
function raises ValueError or KeyError for a value that AWS never sends.
"""

import time
from collections.abc import Mapping
from typing import Any

from mfasession.timestamps import is_epoch
from mfasession.values import account_of, is_key_id, is_key_secret, is_name, partition_of

CLOCK_SKEW = 15 * 60
"""Most seconds between AWS's clock and ours: AWS refuses a request with a larger difference (IAM User Guide, "Signature
Version 4", 15 minutes)."""
LONGEST_TOKEN = 16 * 1024
"""The longest token that is accepted, in characters.

Tokens have some hundreds, typically less than 4,096 bytes (STS API Reference, GetSessionToken); no program starts with
a variable of 128 KiB (execve(2))."""
_OF_SERIALS = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_+=/:,.@-")
"""The characters of a device's serial number (IAM API Reference, MFADevice)."""
_LONGEST_SECRET = 256
"""The longest secret access key that is accepted, in characters; AWS's have 40."""


def required_text(answer: Mapping[str, Any], name: str) -> str:
    """Return one text of an answer. Raises KeyError, and ValueError unless it is visible ASCII."""
    text = answer[name]
    if not isinstance(text, str) or not text or not text.isascii() or not text.isprintable() or " " in text:
        raise ValueError(name)
    return text


def key_id(answer: Mapping[str, Any], name: str, *, temporary: bool) -> str:
    """Return an access key ID: ASIA… of a session, AKIA… of a user's own key (IAM User Guide, "IAM identifiers")."""
    text = required_text(answer, name)
    if not is_key_id(text) or (text[1:4] == "SIA") is not temporary:
        raise ValueError(name)
    return text


def secret(answer: Mapping[str, Any], name: str) -> str:
    """Return a secret access key."""
    text = required_text(answer, name)
    if not is_key_secret(text) or len(text) > _LONGEST_SECRET:
        raise ValueError(name)
    return text


def token(answer: Mapping[str, Any], name: str) -> str:
    """Return a session token or a sign-in token."""
    text = required_text(answer, name)
    if len(text) > LONGEST_TOKEN:
        raise ValueError(name)
    return text


def expiration(credentials: Mapping[str, Any], duration: int) -> int:
    """Return when a session of `duration` seconds ends, in epoch seconds.

    It must be in the future: AWS gives at least 900 s, and its clock is at most that far behind ours. It must not be
    later than the requested duration. It may be earlier: root users get less than they ask for.
    """
    ends = int(credentials["Expiration"].timestamp())
    now = time.time()
    if not is_epoch(ends) or not now < ends <= now + duration + CLOCK_SKEW:
        raise ValueError("Expiration")
    return ends


def arn(answer: Mapping[str, Any], name: str, account: str = "") -> str:
    """Return the ARN of a user, a role's session or the root user, in this account if one is given."""
    text = required_text(answer, name)
    parts = text.split(":", 5)
    is_one = len(parts) == 6 and parts[0] == "arn" and parts[1].startswith("aws") and parts[2] in ("iam", "sts")
    if not is_one or parts[3] or not is_account(parts[4]) or not parts[5] or account not in ("", parts[4]):
        raise ValueError(name)
    return text


def assumed(answer: Mapping[str, Any], role: str, session_name: str) -> str:
    """Return the ARN of a role's session. Raises ValueError unless it is of this role (an ARN) and has this name."""
    text = arn(answer, "Arn", account_of(role))
    name = role.rpartition("/")[2]
    if partition_of(text) != partition_of(role) or text.split(":", 5)[5] != f"assumed-role/{name}/{session_name}":
        raise ValueError("Arn")
    return text


def serial(answer: Mapping[str, Any], account: str = "") -> str:
    """Return the serial number of an MFA device; an ARN must be of `account`, if given."""
    text = required_text(answer, "SerialNumber")
    is_one = 9 <= len(text) <= 256 and _OF_SERIALS.issuperset(text)
    if not is_one or not is_name(text) or (account and account_of(text) not in ("", account)):
        raise ValueError("SerialNumber")
    return text


def is_account(text: str) -> bool:
    """Return whether a text is an account ID: twelve digits."""
    return len(text) == 12 and text.isascii() and text.isdigit()
