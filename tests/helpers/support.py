"""What the tests share: real programs, a home of their own, and the program under test as users run it."""

import os
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, NoReturn

import pytest

import mfasession
from mfasession.config import ProfileSettings
from mfasession.profiles import Profile
from mfasession.values import LongTermKey, Secret, Session
from tests.helpers import hinted, schemas
from tests.helpers.patience import scaled

BIN = Path(sys.executable).parent
PACKAGE = Path(mfasession.__file__).parent
"""The package as it is installed: the checkout's own, or that of a wheel."""
HOOKS = PACKAGE / "shell" if (PACKAGE / "shell").is_dir() else PACKAGE.parent / "shell"
BUILT = Path(__file__).parents[2] / ".tools"
TOOLS = BUILT / "node_modules" / ".bin"
"""What `make tools` brings, and its programs from npm."""
MFASESSION = str(BIN / "mfasession")
"""The console script itself: what it imports is what users pay for."""


def need(program: str) -> str:
    """Return the path of a real program; without it the test is reported as skipped, and fails under CI=true."""
    return shutil.which(program, path=f"{BIN}:{TOOLS}:{os.environ.get('PATH', '')}") or missing(program)


def missing(program: str) -> NoReturn:
    """Report the test as skipped; fail it under CI=true."""
    message = f"{program} is not installed: .ci/run installs it"
    if os.environ.get("CI") == "true":
        pytest.fail(message)
    pytest.skip(message)


class Home:
    """A user's home folder and environment, and commands run in it without a terminal."""

    def __init__(self, folder: Path, environ: Mapping[str, str]) -> None:
        self.folder = folder
        self.aws = folder / ".aws"
        self.aws.mkdir(parents=True, mode=0o700, exist_ok=True)
        self.credentials = self.aws / "credentials"
        self.config = self.aws / "config"
        self.settings = folder / ".config" / "mfasession" / "config.toml"
        kept = (
            "PATH",
            "PYTHONPATH",
            "LANG",
            "COVERAGE_PROCESS_START",
            "COVERAGE_PROCESS_CONFIG",
            "COVERAGE_FILE",
            "CI",
        )
        self.environ = {name: os.environ[name] for name in kept if name in os.environ}
        self.environ["PATH"] = f"{BIN}:{self.environ.get('PATH', '')}"
        self.environ |= {"HOME": str(folder), "SHELL": "/bin/bash", "TERM": "xterm-256color", **environ}

    def write_credentials(self, text: str, mode: int = 0o600) -> None:
        """Write the AWS credentials file."""
        self.credentials.write_text(text)
        self.credentials.chmod(mode)

    def write_settings(self, text: str) -> None:
        """Write our own config.toml."""
        self.settings.parent.mkdir(parents=True, exist_ok=True)
        self.settings.write_text(text)

    def run(
        self, *words: str, stdin: str = "", environ: Mapping[str, str] | None = None
    ) -> "subprocess.CompletedProcess[str]":
        """Run mfasession with no controlling terminal, as cron or an IDE does. Its hints and its JSON must hold."""
        done = self.run_program(MFASESSION, *words, stdin=stdin, environ=environ)
        assert not (wrong := hinted.faults(words, done.stderr) + schemas.faults(words, done.stdout)), wrong
        return done

    def run_program(
        self, *words: str, stdin: str = "", environ: Mapping[str, str] | None = None
    ) -> "subprocess.CompletedProcess[str]":
        """Run any program in this home, with no controlling terminal."""
        return subprocess.run(
            words,
            input=stdin,
            env={**self.environ, **(environ or {})},
            cwd=self.folder,
            capture_output=True,
            text=True,
            timeout=scaled(60),
            start_new_session=True,
            check=False,
        )


def imported(home: Home, *words: str) -> set[str]:
    """The modules that a run imports beyond those of a bare interpreter start."""

    def seen(*command: str) -> set[str]:
        done = home.run_program(sys.executable, "-X", "importtime", *command)
        assert done.returncode == 0, done.stderr
        return {line.rpartition("|")[2].strip() for line in done.stderr.splitlines() if line.startswith("import time:")}

    return seen(MFASESSION, *words) - seen("-c", "pass")


def in_a_process(script: str, *words: str, environ: dict[str, str] | None = None) -> "subprocess.CompletedProcess[str]":
    """Run Python in a process of its own: a second sandbox needs one."""
    return subprocess.run(
        [sys.executable, "-c", script, *words],
        env={**os.environ, **(environ or {})},
        capture_output=True,
        text=True,
        timeout=scaled(60),
        check=False,
    )


@contextmanager
def web_server(handler: type[BaseHTTPRequestHandler]) -> Iterator[str]:
    """Serve on loopback, a thread for each request, until the block ends; the URL."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()


KEY_ID, SECRET = "AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
SESSION_ID = "ASIAIOSFODNN7EXAMPLE"
"""AWS's own documentation's examples."""


def key_pair(section: str = "default", key_id: str = KEY_ID, secret: str = SECRET) -> str:
    """Return a section with a long-term key."""
    return f"[{section}]\naws_access_key_id = {key_id}\naws_secret_access_key = {secret}\n"


def session_section(
    section: str = "default-mfa", expires: str = "2099-01-01T00:00:00Z", key_id: str = KEY_ID, extra: str = ""
) -> str:
    """Return a managed section as mfasession writes it."""
    return (
        f"[{section}]\nmanager = mfasession\naws_access_key_id = {SESSION_ID}\naws_secret_access_key = {SECRET}\n"
        f"aws_session_token = FwoGZXIvYXdzEXAMPLE\nx_security_token_expires = {expires}\nmfasession_key_id = {key_id}\n"
        f"{extra}"
    )


def in_seconds(seconds: float) -> str:
    """The time in so many seconds, as the credentials file has it."""
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + seconds))


def made_session(**changes: Any) -> Session:
    """Return a session of twelve hours as AWS gives it; `issued` and `expires` are in 2026."""
    fields: dict[str, Any] = {
        "access_key_id": SESSION_ID,
        "secret_access_key": Secret(SECRET),
        "session_token": Secret("FwoGZXIvYXdzEXAMPLE+/=="),
        "issued": 1_795_456_800,
        "expires": 1_795_500_000,
        "key_id": KEY_ID,
        "mfa_serial": "arn:aws:iam::123456789012:mfa/phone",
        "identity": "arn:aws:iam::123456789012:user/alice",
    }
    return Session(**{**fields, **changes})


def made_profile(**changes: Any) -> Profile:
    """Return a profile whose key and device are those of `made_session`."""
    fields: dict[str, Any] = {
        "name": "default",
        "settings": ProfileSettings(),
        "key_section": "default",
        "key": LongTermKey(access_key_id=KEY_ID, secret_access_key=Secret(SECRET)),
        "session_section": "default-mfa",
        "mfa_serial": "arn:aws:iam::123456789012:mfa/phone",
    }
    return Profile(**{**fields, **changes})


def move_into(home: Home, patch: pytest.MonkeyPatch) -> None:
    """Give this very process a home's environment, as a command there has it: no AWS, no proxy and no XDG of ours."""
    for name in list(os.environ):
        if name.startswith(("AWS_", "MFASESSION_", "XDG_")) or name.lower().endswith("_proxy"):
            patch.delenv(name)
    for name, value in home.environ.items():
        patch.setenv(name, value)
