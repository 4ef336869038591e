"""Time-based one-time passwords (RFC 6238, over RFC 4226), as AWS's virtual devices use them: SHA-1, 6 digits."""

import base64
import hashlib
import hmac

STEP = 30
"""Seconds of one code's life (RFC 6238, section 5.2)."""
DIGITS = 6


def code_at(secret: bytes, when: float, *, digits: int = DIGITS) -> str:
    """Return the code of the step that contains `when` (epoch seconds)."""
    counter = int(when // STEP).to_bytes(8, "big")
    digest = hmac.digest(secret, counter, hashlib.sha1)
    offset = digest[-1] & 0x0F
    number = int.from_bytes(digest[offset : offset + 4], "big") & 0x7FFFFFFF
    return str(number % 10**digits).zfill(digits)


def secret_of(seed: str) -> bytes:
    """Decode a base32 seed as AWS shows it: any case, spaces and missing padding allowed. Raises ValueError."""
    text = "".join(seed.split()).upper().rstrip("=")
    if not text:
        raise ValueError("the seed is empty")
    try:
        return base64.b32decode(text + "=" * (-len(text) % 8))
    except ValueError:
        # `from None`: the decoder's context would carry the seed into a traceback.
        raise ValueError("the seed is not base32") from None


def seconds_left(when: float) -> int:
    """Return how many whole seconds (1..30) the code of `when` still lives."""
    return STEP - int(when) % STEP
