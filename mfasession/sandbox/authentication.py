"""Checks a request's signature, its time and its key.

Order: the key, its token, its expiry, the signature, the body, the clock. So an expired session is reported as that,
however far the clocks are apart.
"""

import hashlib
from datetime import UTC, datetime

from mfasession.sandbox import sigv2, sigv4, sigv4_chunks
from mfasession.sandbox.aws_errors import S3, Protocol, Refused, refused, skewed
from mfasession.sandbox.request import Request
from mfasession.sandbox.sigv2 import UrlSignature
from mfasession.sandbox.sigv4 import Signature
from mfasession.sandbox.state import Key, State
from mfasession.timestamps import show

SKEW_SECONDS = 15 * 60


def authenticate(request: Request, signature: Signature | UrlSignature, state: State, protocol: Protocol) -> Key:
    """Return the key that signed the request. Raises Refused with AWS's text for the protocol."""
    key = state.key(signature.access_key_id)
    of_partition = isinstance(signature, UrlSignature) or state.moto.holds_region(signature.region)
    if key is None or not key.active or not of_partition:
        refusal = refused("unknown key", protocol)
        raise Refused(refusal.code, refusal.status, refusal.text, {"AWSAccessKeyId": signature.access_key_id})
    if key.token != signature.token:
        raise refused("invalid token", protocol)
    if key.token and state.clock.now() >= key.expires:
        raise refused("expired", protocol)
    if isinstance(signature, UrlSignature):
        if not sigv2.matches(request, signature, key.secret):
            raise refused("bad signature", protocol)
        _check_end(int(signature.expires), state)
        return key
    if not sigv4.matches(request, signature, key.secret):
        raise refused("bad signature", protocol)
    if signature.service == "s3":
        _check_headers(request, signature)
        _check_body(request, signature, key.secret)
    _check_time(signature, state, protocol)
    return key


def _check_headers(request: Request, signature: Signature) -> None:
    """S3 requires all of its own headers to be signed."""
    # WSGI folds the underscores of a metadata name into dashes.
    signed = {name.replace("_", "-") for name in signature.signed_headers}
    unsigned = {name for name in request.header_names() if name.startswith("x-amz-")} - signed
    if unsigned:
        raise Refused(
            "AccessDenied",
            403,
            "There were headers present in the request which were not signed",
            {"HeadersNotSigned": ", ".join(sorted(unsigned))},
        )


def _check_body(request: Request, signature: Signature, secret: str) -> None:
    declared = sigv4.payload_hash(request, signature)
    if declared == sigv4.UNSIGNED:
        return
    if declared in sigv4_chunks.KINDS:
        try:
            good = sigv4_chunks.match(request.body, declared, signature, secret)
        except sigv4_chunks.Incomplete:
            raise Refused("IncompleteBody", 400, "The request body terminated unexpectedly") from None
        if not good:
            raise refused("bad signature", S3)
    elif hashlib.sha256(request.body).hexdigest() != declared:
        raise Refused(
            "XAmzContentSHA256Mismatch",
            400,
            "The provided 'x-amz-content-sha256' header does not match what was computed.",
            {"ClientComputedContentSHA256": declared},
        )


def _check_time(signature: Signature, state: State, protocol: Protocol) -> None:
    signed, now = _epoch(signature.stamp), state.clock.of_requests()
    if signature.presigned and protocol is S3:
        if signed - now > SKEW_SECONDS:
            raise Refused("AccessDenied", 403, "Request is not valid yet")
        _check_end(int(signed) + signature.lifetime, state)
        return
    # The dates in the text are whole seconds, and so is the comparison.
    late, early = int(now) - SKEW_SECONDS, int(now) + SKEW_SECONDS
    earliest = late - signature.lifetime
    times = {"RequestTime": signature.stamp, "ServerTime": show(int(now)), "MaxAllowedSkewMilliseconds": "900000"}
    if signed < earliest:
        text = f"Signature expired: {signature.stamp} is now earlier than {_stamp(late)}"
        raise skewed(protocol, f"{text} ({_stamp(now)} - 15 min.)", times)
    if signed > early:
        text = f"Signature not yet current: {signature.stamp} is still later than {_stamp(early)}"
        raise skewed(protocol, f"{text} ({_stamp(now)} + 15 min.)", times)


def _check_end(end: int, state: State) -> None:
    now = state.clock.now()
    if now > end:
        raise Refused("AccessDenied", 403, "Request has expired", {"Expires": show(end), "ServerTime": show(int(now))})


def _epoch(stamp: str) -> float:
    return datetime.strptime(stamp, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC).timestamp()


def _stamp(epoch: float) -> str:
    return datetime.fromtimestamp(int(epoch), UTC).strftime("%Y%m%dT%H%M%SZ")
