"""One HTTP request as the gateway reads it: the sent bytes, not decoded."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote, unquote_plus, urlsplit

Environ = dict[str, Any]


class Request:
    """Method, path and query as sent (still percent-encoded), headers, and the whole body."""

    def __init__(self, environ: Environ) -> None:
        target = str(environ.get("RAW_URI") or environ["PATH_INFO"])
        if "://" in target.partition("?")[0]:
            parts = urlsplit(target)
            target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        self.environ = environ
        self.method = str(environ["REQUEST_METHOD"])
        self.raw_path, _, self.query = target.partition("?")
        self.body = _body(environ)

    def header(self, name: str) -> str | None:
        """Return a header as it was sent, in latin-1; repeated ones are joined by commas."""
        key = name.upper().replace("-", "_")
        value = self.environ.get(key if key in ("CONTENT_TYPE", "CONTENT_LENGTH") else f"HTTP_{key}")
        return None if value is None else str(value)

    def header_names(self) -> set[str]:
        """Return the names of all headers, in small letters, with dashes."""
        return {key[5:].lower().replace("_", "-") for key in self.environ if key.startswith("HTTP_")}

    @property
    def path(self) -> str:
        """The path, decoded once."""
        return unquote(self.raw_path)

    def query_pairs(self) -> list[tuple[str, str]]:
        """Return the pairs of the query string in order, decoded; a name without `=` has an empty value."""
        return pairs_of(self.query)


def pairs_of(query: str) -> list[tuple[str, str]]:
    """Return the decoded pairs of a query string or a form; a `+` is a space, as AWS and moto read it."""
    pairs = (part.partition("=") for part in query.split("&") if part)
    return [(unquote_plus(name), unquote_plus(value)) for name, _, value in pairs]


def form_of(body: bytes) -> Mapping[str, str]:
    """Return the fields of a form body; a field given twice keeps its first value."""
    fields: dict[str, str] = {}
    for name, value in pairs_of(body.decode("utf-8", "replace")):
        fields.setdefault(name, value)
    return fields


def _body(environ: Environ) -> bytes:
    if environ.get("wsgi.input_terminated"):
        return bytes(environ["wsgi.input"].read())
    length = str(environ.get("CONTENT_LENGTH") or "0")
    if not length.isdecimal():
        raise ValueError(f"Content-Length: {length}")
    return bytes(environ["wsgi.input"].read(int(length))) if int(length) else b""
