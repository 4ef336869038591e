"""The answers of query services, as XML."""

from collections.abc import Mapping, Sequence
from typing import Any
from xml.sax.saxutils import escape

from mfasession.sandbox.aws_errors import Answer

_NAMESPACES = {"sts": "https://sts.amazonaws.com/doc/2011-06-15/", "iam": "https://iam.amazonaws.com/doc/2010-05-08/"}


def answer(service: str, operation: str, result: Mapping[str, Any], request_id: str) -> Answer:
    """Return an answer of STS or IAM: nested names to texts, lists of members."""
    inside = f"<{operation}Result>{_elements(result)}</{operation}Result>" if result else ""
    body = (
        f'<{operation}Response xmlns="{_NAMESPACES[service]}">{inside}'
        f"<ResponseMetadata><RequestId>{request_id}</RequestId></ResponseMetadata></{operation}Response>"
    ).encode()
    headers = (("x-amzn-RequestId", request_id), ("Content-Type", "text/xml"), ("Content-Length", str(len(body))))
    return Answer(status=200, headers=headers, body=body)


def _elements(value: object) -> str:
    # Most are texts, and the look for an abstract class takes longer than all the rest.
    if isinstance(value, str):
        return escape(value)
    if isinstance(value, Mapping):
        return "".join([f"<{name}>{_elements(each)}</{name}>" for name, each in value.items()])
    if isinstance(value, Sequence):
        return "".join([f"<member>{_elements(each)}</member>" for each in value])
    return escape(str(value).lower() if isinstance(value, bool) else str(value))
