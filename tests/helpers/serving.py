"""A served endpoint for tests: `mfasession serve` as a process, and a client without any retries."""

import http.client
import json
import re
import signal
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from tests.helpers.patience import scaled, wait_for
from tests.helpers.support import MFASESSION, Home


class Answer:
    """What the endpoint said."""

    def __init__(self, response: http.client.HTTPResponse) -> None:
        self.status = response.status
        self.headers = {name.lower(): value for name, value in response.getheaders()}
        body = response.read()
        self.json: dict[str, Any] = json.loads(body) if body else {}


def ask(uri: str, token: str, *, method: str = "GET", headers: Mapping[str, str] | None = None) -> Answer:
    """Send one request on a connection of its own."""
    parts = urlsplit(uri)
    assert parts.hostname
    connection = http.client.HTTPConnection(parts.hostname, parts.port, timeout=scaled(30))
    try:
        given = {"Authorization": token} if token else {}
        connection.request(method, parts.path, headers={**given, **(headers or {})})
        return Answer(connection.getresponse())
    finally:
        connection.close()


class Served:
    """One running `mfasession serve`."""

    def __init__(self, process: "subprocess.Popen[str]", said: Path) -> None:
        self.process = process
        self._said = said
        assert process.stdout is not None
        self.lines = [process.stdout.readline()]
        assert self.lines[0], self.said
        while not self.lines[-1].startswith("\\unset AWS_SECURITY_TOKEN"):
            self.lines.append(process.stdout.readline())
            assert self.lines[-1], self.said
        wait_for(lambda: "ctrl-C ends it\n" in self.said)
        self.uri = self.value("AWS_CONTAINER_CREDENTIALS_FULL_URI")
        self.token_file = Path(self.value("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"))
        self.token = self.token_file.read_text()

    def value(self, name: str) -> str:
        """Return a variable that the printed lines set."""
        (found,) = re.findall(rf"{name}='([^']*)'", "".join(self.lines))
        assert isinstance(found, str)
        return found

    @property
    def port(self) -> int:
        """Where it listens."""
        return urlsplit(self.uri).port or 0

    @property
    def said(self) -> str:
        """What it wrote to stderr so far."""
        return self._said.read_text()

    def ask(self, profile: str = "") -> Answer:
        """Ask for the first profile's credentials, or for another's."""
        base, _, first = self.uri.rpartition("/")
        return ask(f"{base}/{profile or first}", self.token)


@contextmanager
def serve(
    home: Home, *words: str, environ: Mapping[str, str] | None = None, ending: signal.Signals = signal.SIGTERM
) -> Iterator[Served]:
    """Run `mfasession serve` without a terminal; end it by SIGTERM, which is a good end, or by another signal."""
    said = home.folder / "serve.said"
    with (
        said.open("w") as stderr,
        subprocess.Popen(
            [MFASESSION, "serve", "--shell", "bash", *words],
            env={**home.environ, **(environ or {})},
            cwd=home.folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=stderr,
            start_new_session=True,
            text=True,
        ) as process,
    ):
        try:
            yield Served(process, said)
            process.send_signal(ending)
            assert process.wait(scaled(60)) == (0 if ending == signal.SIGTERM else -ending), said.read_text()
        finally:
            process.kill()
