"""A browser as far as a sign-in needs one: it follows redirects and keeps cookies. Nothing but Python's own is used.

As a program it goes to an address and records what it was given and shown: that is what `$BROWSER` names in tests.
"""

import http.cookiejar
import json
import os
import resource
import shlex
import sys
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Mapping
from pathlib import Path

SECONDS = 300.0
"""For an answer, on any machine: as a program this imports nothing of ours."""


def program(record: Path) -> str:
    """Return what to set `$BROWSER` to; the record is there once the browser shows its page."""
    return shlex.join((sys.executable, __file__, str(record), "%s"))


class Page:
    """What is shown in the end."""

    def __init__(self, status: int, url: str, text: str) -> None:
        self.status = status
        self.url = url
        self.text = text


class Browser:
    """One user's browser. `passed` are the addresses on the way to its pages."""

    def __init__(self) -> None:
        self.passed: list[str] = []
        self._opener = urllib.request.build_opener(
            urllib.request.ProxyHandler({}),
            urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar()),
            _Noting(self.passed),
        )

    def open(self, url: str, form: Mapping[str, str] | None = None) -> Page:
        """Go to an address, or send a form there, and on to where that leads."""
        self.passed.append(url)
        body = None if form is None else urllib.parse.urlencode(form).encode()
        try:
            with self._opener.open(url, body, timeout=SECONDS) as answer:
                return Page(answer.status, answer.url, answer.read().decode())
        except urllib.error.HTTPError as refusal:
            return Page(refusal.code, refusal.url or url, refusal.read().decode())


class _Noting(urllib.request.HTTPRedirectHandler):
    def __init__(self, passed: list[str]) -> None:
        self._passed = passed

    def redirect_request(
        self, req: urllib.request.Request, fp: object, code: int, msg: str, headers: object, newurl: str
    ) -> urllib.request.Request | None:
        """Note where it leads."""
        self._passed.append(newurl)
        return super().redirect_request(req, fp, code, msg, headers, newurl)  # type: ignore[arg-type]


def main() -> None:
    """Go to the last argument's address, and record it in the file of the one before."""
    record, address = Path(sys.argv[1]), sys.argv[2]
    browser = Browser()
    page = browser.open(address)
    visit: dict[str, object] = {
        "argv": sys.argv,
        "environ": dict(os.environ),
        "passed": browser.passed,
        "page": vars(page),
    }
    visit["files"] = resource.getrlimit(resource.RLIMIT_NOFILE)
    record.with_suffix(".part").write_text(json.dumps(visit))
    record.with_suffix(".part").rename(record)


if __name__ == "__main__":
    main()
