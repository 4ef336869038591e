"""The signed chunks of an S3 upload (`STREAMING-AWS4-HMAC-SHA256-PAYLOAD` and its trailer).

Source: S3 API Reference, "Signature calculations: transferring payload in multiple chunks", and "… with trailers".
"""

import hashlib
import hmac

from mfasession.sandbox.sigv4 import EMPTY_SHA256, Signature, sign

SIGNED = "STREAMING-AWS4-HMAC-SHA256-PAYLOAD"
SIGNED_WITH_TRAILER = "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER"
UNSIGNED_WITH_TRAILER = "STREAMING-UNSIGNED-PAYLOAD-TRAILER"
KINDS = (SIGNED, SIGNED_WITH_TRAILER, UNSIGNED_WITH_TRAILER)


class Incomplete(ValueError):
    """The body ends before its last chunk, or is not in chunks."""


def match(body: bytes, kind: str, signature: Signature, secret: str) -> bool:
    """Return whether every chunk has the right signature, which depends on the one before. Raises Incomplete."""
    if kind == UNSIGNED_WITH_TRAILER:
        return True
    previous, rest, size = signature.digest, body, -1
    while size:
        line, _, rest = rest.partition(b"\r\n")
        size, claimed = _head_of(line)
        data, ending = rest[:size], rest[size : size + 2]
        if not 0 <= size <= len(data) or (size and ending != b"\r\n"):
            raise Incomplete
        rest = rest[size + 2 :] if size else rest
        made = _signed(signature, secret, "PAYLOAD", f"{previous}\n{EMPTY_SHA256}", data)
        if not hmac.compare_digest(made.encode(), claimed):
            return False
        previous = made
    return kind == SIGNED or _trailer_matches(rest, previous, signature, secret)


def _head_of(line: bytes) -> tuple[int, bytes]:
    size, _, claimed = line.partition(b";chunk-signature=")
    try:
        return int(size, 16), claimed.strip()
    except ValueError:
        raise Incomplete from None


def _trailer_matches(rest: bytes, previous: str, signature: Signature, secret: str) -> bool:
    lines = [line for line in rest.replace(b"\r\n", b"\n").split(b"\n") if line]
    claimed = [line.partition(b":")[2].strip() for line in lines if line.startswith(b"x-amz-trailer-signature:")]
    if not claimed:
        raise Incomplete
    fields = b"".join(line + b"\n" for line in lines if not line.startswith(b"x-amz-trailer-signature:"))
    return hmac.compare_digest(_signed(signature, secret, "TRAILER", previous, fields).encode(), claimed[0])


def _signed(signature: Signature, secret: str, part: str, previous: str, data: bytes) -> str:
    hashed = hashlib.sha256(data).hexdigest()
    return sign(
        signature, secret, f"AWS4-HMAC-SHA256-{part}\n{signature.stamp}\n{signature.scope}\n{previous}\n{hashed}"
    )
