"""AWS's own error codes and texts, in the five shapes that its protocols give them.

Sources: the "Common errors" pages of the STS, IAM, EC2, S3, DynamoDB and Lambda API references, and what clients report
(99designs/aws-vault #15 and #328, aws/aws-cli #6676). The double and trailing spaces are AWS's.
"""

import json
from collections.abc import Mapping
from enum import Enum
from http import HTTPStatus
from xml.sax.saxutils import escape

from mfasession.values import Value


class Protocol(Enum):
    """How a service writes its errors."""

    QUERY = "query"
    """STS, IAM, SNS, …, and the XML of Route 53 and CloudFront."""
    S3 = "rest-xml"
    EC2 = "ec2"
    JSON = "json"
    REST_JSON = "rest-json"


QUERY, S3, EC2, JSON, REST_JSON = Protocol


class Answer(Value):
    """An HTTP response: status, headers in order, body in bytes."""

    status: int
    headers: "tuple[tuple[str, str], ...]"
    body: bytes

    def last(self) -> "Answer":
        """Return the same answer as the last one of its connection."""
        return self.replace(headers=(*self.headers, ("Connection", "close")))


class Refused(Exception):
    """The request is refused: AWS's code, the HTTP status, AWS's text, and further elements of S3's XML."""

    def __init__(self, code: str, status: int, text: str, more: Mapping[str, str] | None = None) -> None:
        super().__init__(code, status, text)
        self.code = code
        self.status = status
        self.text = text
        self.more = more or {}


Row = tuple[str, int, str]

UNKNOWN_KEY_TEXT = "The security token included in the request is invalid"
EXPIRED_TEXT = "The security token included in the request is expired"
BAD_SIGNATURE_TEXT = (
    "The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key "
    "and signing method. Consult the service documentation for details."
)
EC2_NOT_VALIDATED = "AWS was not able to validate the provided access credentials"
INVALID_CODE_TEXT = "MultiFactorAuthentication failed with invalid MFA one time pass code. "
UNABLE_TO_VALIDATE_TEXT = (
    "MultiFactorAuthentication failed, unable to validate MFA code.  "
    "Please verify your MFA serial number is valid and associated with this user."
)

TABLE: Mapping[str, Mapping[Protocol, Row]] = {
    "unknown key": {
        QUERY: ("InvalidClientTokenId", 403, UNKNOWN_KEY_TEXT),
        S3: ("InvalidAccessKeyId", 403, "The AWS Access Key Id you provided does not exist in our records."),
        EC2: ("AuthFailure", 401, EC2_NOT_VALIDATED),
        JSON: ("UnrecognizedClientException", 400, UNKNOWN_KEY_TEXT),
        REST_JSON: ("UnrecognizedClientException", 403, UNKNOWN_KEY_TEXT),
    },
    "invalid token": {
        QUERY: ("InvalidClientTokenId", 403, UNKNOWN_KEY_TEXT),
        S3: ("InvalidToken", 400, "The provided token is malformed or otherwise invalid."),
        EC2: ("AuthFailure", 401, EC2_NOT_VALIDATED),
        JSON: ("UnrecognizedClientException", 400, UNKNOWN_KEY_TEXT),
        REST_JSON: ("UnrecognizedClientException", 403, UNKNOWN_KEY_TEXT),
    },
    "expired": {
        QUERY: ("ExpiredToken", 403, EXPIRED_TEXT),
        S3: ("ExpiredToken", 400, "The provided token has expired."),
        EC2: ("RequestExpired", 400, "Request has expired."),
        JSON: ("ExpiredTokenException", 400, EXPIRED_TEXT),
        REST_JSON: ("ExpiredTokenException", 403, EXPIRED_TEXT),
    },
    "bad signature": {
        QUERY: ("SignatureDoesNotMatch", 403, BAD_SIGNATURE_TEXT),
        S3: (
            "SignatureDoesNotMatch",
            403,
            (
                "The request signature we calculated does not match the signature you provided. "
                "Check your key and signing method."
            ),
        ),
        EC2: ("AuthFailure", 401, EC2_NOT_VALIDATED),
        JSON: ("InvalidSignatureException", 400, BAD_SIGNATURE_TEXT),
        REST_JSON: ("InvalidSignatureException", 403, BAD_SIGNATURE_TEXT),
    },
    "unsigned": {
        QUERY: ("MissingAuthenticationToken", 403, "Request is missing Authentication Token"),
        S3: ("AccessDenied", 403, "Access Denied"),
        EC2: ("MissingParameter", 400, "The request must contain the parameter AWSAccessKeyId"),
        JSON: ("MissingAuthenticationTokenException", 400, "Missing Authentication Token"),
        REST_JSON: ("MissingAuthenticationTokenException", 403, "Missing Authentication Token"),
    },
    "malformed signature": {
        QUERY: ("IncompleteSignature", 400, "The request signature does not conform to AWS standards."),
        S3: (
            "AuthorizationHeaderMalformed",
            400,
            "The authorization header is malformed; the authorization component is not well-formed.",
        ),
        EC2: ("AuthFailure", 401, EC2_NOT_VALIDATED),
        JSON: ("IncompleteSignatureException", 400, "The request signature does not conform to AWS standards."),
        REST_JSON: ("IncompleteSignatureException", 403, "The request signature does not conform to AWS standards."),
    },
    "throttle": {
        QUERY: ("Throttling", 400, "Rate exceeded"),
        S3: ("SlowDown", 503, "Please reduce your request rate."),
        EC2: ("RequestLimitExceeded", 503, "Request limit exceeded."),
        JSON: ("ThrottlingException", 400, "Rate exceeded"),
        REST_JSON: ("ThrottlingException", 429, "Rate exceeded"),
    },
    "error500": {
        QUERY: ("InternalFailure", 500, "The request processing has failed because of an unknown error."),
        S3: ("InternalError", 500, "We encountered an internal error. Please try again."),
        EC2: ("InternalError", 500, "An internal error has occurred"),
        JSON: ("InternalFailure", 500, "The request processing has failed because of an unknown error."),
        REST_JSON: ("InternalFailure", 500, "The request processing has failed because of an unknown error."),
    },
}  # fmt: skip
"""Reason, protocol -> code, HTTP status, text."""


def refused(reason: str, protocol: Protocol) -> Refused:
    """Return the refusal for one of the reasons of `TABLE`."""
    return Refused(*TABLE[reason][protocol])


def skewed(protocol: Protocol, text: str, times: Mapping[str, str]) -> Refused:
    """Return the refusal of a signature more than 15 minutes off; `text` has the server's time."""
    if protocol is S3:
        return Refused(
            "RequestTimeTooSkewed",
            403,
            "The difference between the request time and the current time is too large.",
            times,
        )
    if protocol is EC2:
        return Refused("RequestExpired", 400, "Request has expired.")
    code, status, _ = TABLE["bad signature"][protocol]
    return Refused(code, status, text)


def denied(protocol: Protocol, text: str) -> Refused:
    """Return the refusal of a policy."""
    match protocol:
        case Protocol.EC2:
            return Refused("UnauthorizedOperation", 403, f"You are not authorized to perform this operation. {text}")
        case Protocol.JSON:
            return Refused("AccessDeniedException", 400, text)
        case Protocol.REST_JSON:
            return Refused("AccessDeniedException", 403, text)
    return Refused("AccessDenied", 403, text)


def invalid_values(*problems: str) -> Refused:
    """Return STS's and IAM's refusal of parameters outside their constraints."""
    count = f"{len(problems)} validation error{'s' if len(problems) > 1 else ''} detected: "
    return Refused("ValidationError", 400, count + "; ".join(problems))


def written(refusal: Refused, protocol: Protocol, request_id: str, *, head: bool = False) -> Answer:
    """Return the refusal as the protocol writes it; a HEAD request gets no body."""
    code, text = escape(refusal.code), escape(refusal.text)
    kind, body = "text/xml", ""
    headers = [("x-amzn-RequestId", request_id)]
    match protocol:
        case Protocol.QUERY:
            side = "Sender" if refusal.status < HTTPStatus.INTERNAL_SERVER_ERROR else "Receiver"
            body = (
                f"<ErrorResponse><Error><Type>{side}</Type><Code>{code}</Code><Message>{text}</Message></Error>"
                f"<RequestId>{request_id}</RequestId></ErrorResponse>"
            )
        case Protocol.S3:
            kind = "application/xml"
            more = "".join(f"<{name}>{escape(value)}</{name}>" for name, value in refusal.more.items())
            body = (
                f'<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>{code}</Code><Message>{text}</Message>{more}'
                f"<RequestId>{request_id}</RequestId><HostId>{request_id}</HostId></Error>"
            )
        case Protocol.EC2:
            body = (
                f"<Response><Errors><Error><Code>{code}</Code><Message>{text}</Message></Error></Errors>"
                f"<RequestID>{request_id}</RequestID></Response>"
            )
        case Protocol.JSON:
            kind, body = "application/x-amz-json-1.1", json.dumps({"__type": refusal.code, "message": refusal.text})
        case Protocol.REST_JSON:
            kind, body = "application/json", json.dumps({"message": refusal.text})
            headers.append(("x-amzn-ErrorType", refusal.code))
    content = b"" if head else body.encode()
    headers += [("Content-Type", kind), ("Content-Length", str(len(content)))]
    return Answer(status=refusal.status, headers=tuple(headers), body=content)
