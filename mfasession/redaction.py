"""Removes possible secrets from foreign texts: answers from AWS, input, exceptions.

Known secrets are never put into a message; this is for texts that may quote anything.
"""

import re

from mfasession.values import Secret

HIDDEN = "***"
_LOOKS_LIKE_ONE = re.compile(
    r"""
    (?<!\w) \d{3}[ ]?\d{3} (?!\w)                                         # a code
    | (?<![\w/+=]) (?!/)(?=[A-Za-z/+]*\d)(?=[\d/+a-z]*[A-Z])(?=[\d/+A-Z]*[a-z]) [A-Za-z0-9/+]{38,}={0,2}  # key, token
    | (?<!\w) (?!A[A-Z]{2}A[A-Z0-9]{16}(?!\w)) [A-Z2-7]{16,}=* (?!\w)     # a seed in base32, but not an access key ID
    | (?<!\w) [0-9a-f]{40,} (?!\w)                                        # a signature
    """,
    re.VERBOSE,
)


def redacted(text: str, secrets: "set[str] | frozenset[str]" = frozenset()) -> str:
    """Return the text with *** in place of these secrets and of anything like a code, a key, a token or a seed."""
    for secret in sorted(secrets, key=len, reverse=True):
        text = text.replace(secret, HIDDEN)
    return _LOOKS_LIKE_ONE.sub(HIDDEN, text)


def is_like_a_secret(text: str) -> bool:
    """Return whether a whole text looks like a secret access key or a token; it misses one in 2,000."""
    return len(text) >= 38 and text != text.lower() and redacted(text.lstrip("/")) == HIDDEN


def traceback_of(error: BaseException) -> str:
    """Return the traceback, with the exceptions' texts redacted."""
    import gc
    import traceback

    held = {each.reveal() for each in gc.get_objects() if type(each) is Secret}
    secrets = {secret for secret in held if len(secret) > 5}
    lines = traceback.format_exception(error)
    return "".join(line if line.startswith("  File ") else redacted(line, secrets) for line in lines)
