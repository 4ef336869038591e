"""A one-time page on loopback: redirects the first client to a secret address.

A file with a redirect would be as private, but many browsers cannot read it: those of snap and flatpak see neither /tmp
nor hidden folders, those of Windows see no files of WSL (jupyter/notebook #5479, #4999).
"""

import asyncio
import secrets
from hmac import compare_digest

from mfasession.server.protocol import ADDRESS, Refused, parse, refusal
from mfasession.values import Secret


class Page:
    """Redirects one client. Afterwards its own address has no use."""

    def __init__(self, port: int, address: Secret) -> None:
        self._host = f"{ADDRESS}:{port}"
        self._path = f"/{secrets.token_urlsafe(32)}"
        self._address = address
        self.taken = asyncio.Event()

    @property
    def url(self) -> str:
        """The page's address."""
        return f"http://{self._host}{self._path}"

    def answer(self, head: bytes, now: float) -> tuple[bytes, bool]:  # noqa: ARG002  # not used: the page does not expire
        """Return the answer to one head (without the empty line), and that the connection is closed."""
        try:
            self._check(head)
        except Refused as refused:
            return refusal(refused), False
        self.taken.set()
        lines = (
            "HTTP/1.1 302 Found",
            f"Location: {self._address.reveal()}",
            "Content-Length: 0",
            "Cache-Control: no-store",
            "Referrer-Policy: no-referrer",
            "Connection: close",
        )
        return ("\r\n".join(lines) + "\r\n\r\n").encode("ascii"), False

    def _check(self, head: bytes) -> None:
        request = parse(head)
        # A foreign web page that reaches us (DNS rebinding) sends its own host name.
        if request.host != self._host:
            raise Refused(403, "ForeignHost", "this page is for a browser on this computer")
        if request.method != "GET":
            raise Refused(405, "MethodNotAllowed", "only GET is answered here")
        if not compare_digest(request.target.encode(), self._path.encode()) or self.taken.is_set():
            raise Refused(404, "NoSuchPath", "no page here (any more): run mfasession console again")
