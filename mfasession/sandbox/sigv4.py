"""Checks Signature Version 4: in the Authorization header, in the query, or over the chunks of a body.

Sources: IAM User Guide, "AWS Signature Version 4 for API requests"; S3 API Reference, "Authenticating requests".
"""

import hashlib
import hmac
import posixpath
import re
from urllib.parse import quote, unquote

from mfasession.sandbox.request import Request
from mfasession.values import Value

ALGORITHM = "AWS4-HMAC-SHA256"
UNSIGNED = "UNSIGNED-PAYLOAD"
EMPTY_SHA256 = hashlib.sha256(b"").hexdigest()
LIFETIME_MOST = 7 * 86400
"""The longest life of a presigned URL, in seconds."""
_STAMP = re.compile(r"\d{8}T\d{6}Z")


class Malformed(ValueError):
    """The signature is malformed."""


class Signature(Value):
    """A signature and everything that is needed to compute it."""

    access_key_id: str
    day: str
    region: str
    service: str
    signed_headers: tuple[str, ...]
    digest: str
    """64 hexadecimal digits."""
    stamp: str
    """`YYYYMMDDTHHMMSSZ`."""
    token: str
    presigned: bool
    lifetime: int
    """The life of a presigned URL in seconds; 0 otherwise."""

    @property
    def scope(self) -> str:
        """Day, region, service and the fixed ending."""
        return f"{self.day}/{self.region}/{self.service}/aws4_request"


def read(request: Request) -> Signature | None:
    """Return the signature of a request, None when it has none. Raises Malformed."""
    query = dict(request.query_pairs())
    header = request.header("authorization")
    if header is not None:
        return _from_header(request, header)
    if "X-Amz-Signature" in query or "X-Amz-Algorithm" in query:
        return _from_query(query)
    return None


def matches(request: Request, signature: Signature, secret: str) -> bool:
    """Return whether this secret made the signature over this request, its body included."""
    payload = payload_hash(request, signature)
    canonical_paths = {request.raw_path or "/", _strictly_encoded(request.raw_path)}
    if signature.service != "s3":
        canonical_paths = {quote(_normal(request.raw_path), safe="/~-._")}
    return any(
        hmac.compare_digest(
            digest(signature, secret, _canonical(request, signature, path, payload)).encode(),
            signature.digest.encode(),
        )
        for path in canonical_paths
    )


def payload_hash(request: Request, signature: Signature) -> str:
    """Return the payload's line of the canonical request."""
    declared = request.header("x-amz-content-sha256")
    if signature.service == "s3":
        return declared or UNSIGNED
    if declared == UNSIGNED:
        return declared
    return hashlib.sha256(request.body).hexdigest()


def digest(signature: Signature, secret: str, canonical: bytes) -> str:
    """Return the hexadecimal signature over a canonical request."""
    hashed = hashlib.sha256(canonical).hexdigest()
    return sign(signature, secret, f"{ALGORITHM}\n{signature.stamp}\n{signature.scope}\n{hashed}")


def sign(signature: Signature, secret: str, text: str) -> str:
    """Return the hexadecimal HMAC of a string to sign under the key of the signature's scope."""
    key = b"AWS4" + secret.encode()
    for part in (signature.day, signature.region, signature.service, "aws4_request"):
        key = hmac.digest(key, part.encode(), "sha256")
    return hmac.digest(key, text.encode(), "sha256").hex()


def _from_header(request: Request, header: str) -> Signature:
    algorithm, _, rest = header.strip().partition(" ")
    fields = dict(part.strip().partition("=")[::2] for part in rest.split(","))
    stamp = request.header("x-amz-date") or ""
    if algorithm != ALGORITHM or not {"Credential", "SignedHeaders", "Signature"} <= set(fields):
        raise Malformed
    return _made(fields, stamp, request.header("x-amz-security-token") or "", lifetime=0)


def _from_query(query: dict[str, str]) -> Signature:
    fields = {name: query.get(f"X-Amz-{name}", "") for name in ("Credential", "SignedHeaders", "Signature")}
    lifetime = query.get("X-Amz-Expires", "")
    if query.get("X-Amz-Algorithm") != ALGORITHM or not lifetime.isdigit() or not 1 <= int(lifetime) <= LIFETIME_MOST:
        raise Malformed
    return _made(fields, query.get("X-Amz-Date", ""), query.get("X-Amz-Security-Token", ""), lifetime=int(lifetime))


def _made(fields: dict[str, str], stamp: str, token: str, *, lifetime: int) -> Signature:
    key_id, *scope = fields["Credential"].rsplit("/", 4)
    headers = tuple(name.lower() for name in fields["SignedHeaders"].split(";"))
    if scope[3:] != ["aws4_request"] or not _STAMP.fullmatch(stamp) or "host" not in headers:
        raise Malformed
    day, region, service, _ = scope
    if not stamp.startswith(day):
        raise Malformed
    return Signature(
        access_key_id=key_id,
        day=day,
        region=region,
        service=service,
        signed_headers=headers,
        digest=fields["Signature"].lower(),
        stamp=stamp,
        token=token,
        presigned=lifetime > 0,
        lifetime=lifetime,
    )


def _canonical(request: Request, signature: Signature, path: str, payload: str) -> bytes:
    pairs = [(name, value) for name, value in request.query_pairs() if name != "X-Amz-Signature"]
    query = "&".join(f"{name}={value}" for name, value in sorted((_encoded(n), _encoded(v)) for n, v in pairs))
    headers = "".join(f"{name}:{_trimmed(request.header(name) or '')}\n" for name in signature.signed_headers)
    lines = (request.method, path, query, headers, ";".join(signature.signed_headers), payload)
    # Headers are latin-1 texts, so these are the sent bytes.
    return "\n".join(lines).encode("latin-1")


def _trimmed(value: str) -> str:
    return re.sub(" +", " ", value.strip())


def _encoded(text: str) -> str:
    return quote(text, safe="-._~")


def _strictly_encoded(raw_path: str) -> str:
    return quote(unquote(raw_path), safe="/-._~") or "/"


def _normal(raw_path: str) -> str:
    """The path without `.`, `..` and double slashes; every service but S3 signs it so."""
    path = posixpath.normpath(raw_path or "/").replace("//", "/")
    return path + "/" if raw_path.endswith("/") and path != "/" else path
