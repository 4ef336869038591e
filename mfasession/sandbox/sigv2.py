"""Signature Version 2 in the query of an S3 URL: the default of boto3's `generate_presigned_url`.

Source: Amazon S3 Developer Guide, "Signing and authenticating REST requests" (query string authentication).
"""

import base64
import hmac
from urllib.parse import unquote

from mfasession.sandbox.request import Request
from mfasession.values import Value

_SUBRESOURCES = frozenset(
    {
        "accelerate",
        "acl",
        "cors",
        "defaultObjectAcl",
        "delete",
        "lifecycle",
        "location",
        "logging",
        "notification",
        "partNumber",
        "policy",
        "requestPayment",
        "restore",
        "select",
        "select-type",
        "tagging",
        "torrent",
        "uploadId",
        "uploads",
        "versionId",
        "versioning",
        "versions",
        "website",
        "response-cache-control",
        "response-content-disposition",
        "response-content-encoding",
        "response-content-language",
        "response-content-type",
        "response-expires",
    }
)


class UrlSignature(Value):
    """A presigned URL's signature."""

    access_key_id: str
    digest: str
    """HMAC-SHA1 in base64."""
    token: str
    expires: str
    """Epoch seconds, as text."""


def read(request: Request) -> UrlSignature | None:
    """Return the signature of a URL, None when it has none."""
    query = dict(request.query_pairs())
    if not {"AWSAccessKeyId", "Signature", "Expires"} <= set(query) or not query["Expires"].isdigit():
        return None
    return UrlSignature(
        access_key_id=query["AWSAccessKeyId"],
        digest=query["Signature"],
        token=query.get("x-amz-security-token", ""),
        expires=query["Expires"],
    )


def matches(request: Request, signature: UrlSignature, secret: str) -> bool:
    """Return whether this secret made the signature over this request (path style)."""
    text = _string_to_sign(request, signature)
    made = base64.b64encode(hmac.digest(secret.encode(), text.encode("latin-1"), "sha1")).decode()
    return hmac.compare_digest(made.encode(), signature.digest.encode())


def _string_to_sign(request: Request, signature: UrlSignature) -> str:
    amz = {name: (request.header(name) or "").strip() for name in request.header_names() if name.startswith("x-amz-")}
    if signature.token:
        amz["x-amz-security-token"] = signature.token
    lines = [
        request.method,
        request.header("content-md5") or "",
        request.header("content-type") or "",
        signature.expires,
    ]
    lines += [f"{name}:{amz[name]}" for name in sorted(amz)]
    kept = sorted(part for part in request.query.split("&") if part.partition("=")[0] in _SUBRESOURCES)
    resource = request.raw_path + (f"?{'&'.join(unquote(part) for part in kept)}" if kept else "")
    return "\n".join([*lines, resource])
