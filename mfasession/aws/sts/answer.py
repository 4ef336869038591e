"""Reads the XML of STS. Bytes in, values out; an answer that is not AWS's raises some Exception, as the parsers do."""

from collections.abc import Mapping
from datetime import UTC, datetime
from http.client import responses
from typing import Any
from xml.etree.ElementTree import Element, TreeBuilder, XMLParser


class Refusal(Exception):
    """An error response of AWS: its code and its text. For a page without them, the HTTP status and its meaning."""

    def __init__(self, code: str, text: str) -> None:
        super().__init__(code)
        self.code = code
        self.text = text


def identity(content: bytes, operation: str) -> Mapping[str, Any]:
    """Return Account and Arn from an answer to GetCallerIdentity."""
    return _texts(_result(content, operation), "Account", "Arn")


def credentials(content: bytes, operation: str) -> Mapping[str, Any]:
    """Return the Credentials from an answer to GetSessionToken; Expiration is a time with its zone."""
    return {"Credentials": _credentials(_result(content, operation))}


def role(content: bytes, operation: str) -> Mapping[str, Any]:
    """Return the Credentials and the AssumedRoleUser from an answer to AssumeRole."""
    result = _result(content, operation)
    return {"Credentials": _credentials(result), "AssumedRoleUser": _texts(_only(result, "AssumedRoleUser"), "Arn")}


def refusal(status: int, content: bytes) -> Refusal:
    """Return AWS's error response as an exception. `status` is that of HTTP, 300 or more."""
    page = content.strip()
    if status >= 500 and (not page or page.startswith(b"<html>")):
        # A load balancer's, on AWS's side or on the way.
        return Refusal(str(status), responses.get(status, ""))
    root = _parsed(content)
    error = _only(root if _all(root, "Error") else _only(root, "Errors"), "Error")
    found = {name: _text(_only(error, name)) if _all(error, name) else "" for name in ("Code", "Message")}
    return Refusal(found["Code"], found["Message"])


def _credentials(result: Element) -> dict[str, Any]:
    found = _only(result, "Credentials")
    texts = _texts(found, "AccessKeyId", "SecretAccessKey", "SessionToken", "Expiration")
    return {**texts, "Expiration": _time(texts["Expiration"])}


def _time(text: str) -> datetime:
    """The time of RFC 3339 that AWS writes, or the epoch seconds of some emulators; in UTC without a zone."""
    if text.replace(".", "", 1).isdecimal():
        return datetime.fromtimestamp(float(text), UTC)
    if text[11:13] == "24":
        # Python 3.14 takes it for the next day's 00:00, and botocore refuses it.
        raise ValueError(text)
    found = datetime.fromisoformat(text)
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def _result(content: bytes, operation: str) -> Element:
    return _only(_parsed(content), f"{operation}Result")


def _parsed(content: bytes) -> Element:
    # As botocore does; expat itself limits what entities grow to.
    parser = XMLParser(target=TreeBuilder(), encoding="utf-8")  # noqa: S314
    parser.feed(content)
    root: Element = parser.close()
    return root


def _texts(parent: Element, *names: str) -> dict[str, str]:
    return {name: _text(_only(parent, name)) for name in names}


def _text(element: Element) -> str:
    if len(element):
        raise ValueError(element.tag)
    return element.text or ""


def _only(parent: Element, name: str) -> Element:
    (found,) = _all(parent, name)
    return found


def _all(parent: Element, name: str) -> list[Element]:
    """The children of that name, in any namespace: mocks of AWS have none, or another year's."""
    return [child for child in parent if child.tag.rpartition("}")[2] == name]
