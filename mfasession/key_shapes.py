"""Explains the faults of a key pair without quoting it. Imported only after a fault was found.

The checks of valid ones are in `values`, which every command imports.
"""

from mfasession.redaction import is_like_a_secret
from mfasession.values import is_key_id, is_key_secret

KEY_ID, SECRET = "aws_access_key_id", "aws_secret_access_key"
_ABOUT_ID = "an access key ID starts with AKIA and has 20 capitals and digits: IAM console, Security credentials"
_ABOUT_OTHER = "a secret access key has 40 characters without a space, shown once when the key was made"


def pair_fault(key_id: str, secret: str) -> str:
    """Return the fault of a pair, as in `aws_access_key_id is in quotes`; empty when it may be valid."""
    if not is_key_id(key_id) and is_key_id(secret.strip("'\"")):
        return f"{KEY_ID} is not an access key ID, but {SECRET} is one: are they swapped?"
    if fault := id_fault(key_id):
        return f"{KEY_ID} {fault}"
    fault = secret_fault(secret)
    return f"{SECRET} {fault}" if fault else ""


def id_fault(text: str) -> str:
    """Return the fault of an access key ID, as in `is in quotes`; empty when there is none."""
    if is_key_id(text):
        return ""
    if is_like_a_secret(text):
        return "is not an access key ID and may be the secret: are they swapped?"
    return _slip(text) or "is not an access key ID"


def secret_fault(text: str) -> str:
    """Return the fault of a secret access key, as in `is in quotes`; empty when there is none."""
    if is_key_secret(text):
        return ""
    if is_key_id(text):
        return "is an access key ID and not a secret: are they swapped?"
    return _slip(text) or "is not a secret access key"


def hint(fault: str) -> str:
    """Return the form of a valid ID or secret, for a fault of the ID or of the secret."""
    return _ABOUT_OTHER if fault.startswith(SECRET) else _ABOUT_ID


def _slip(text: str) -> str:
    """Name the typing mistake that botocore and AWS's tools read as a part of the value."""
    odd = next((char for char in text if not char.isascii() or not (char.isprintable() or char.isspace())), "")
    if odd:
        kind = "a character that no key has" if odd.isprintable() else "an invisible character"
        return f"holds {kind} (U+{ord(odd):04X})"
    if any(mark in text for mark in "'\""):
        return "is in quotes, which count as a part of it"
    words = text.split()
    if any(word[0] in "#;" for word in words[1:]):
        return "has a comment after it, which counts as a part of it"
    return "has white space in it" if len(words) > 1 else ""
