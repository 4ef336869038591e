"""A prompt on a real terminal: a source of codes runs there, with stdin, stdout and stderr leading elsewhere."""

import json
import os
import sys
from pathlib import Path
from typing import Any

from tests.helpers.patience import scaled
from tests.helpers.window import Window

DRIVER = """
import json, os, pathlib, sys, time
from mfasession import codes, terminal
from mfasession.codes.pinentry import Pinentry
from mfasession.codes.command import Command
from mfasession.errors import AwsRefused, MfaSessionError
from mfasession.values import Secret

spec = json.loads(sys.argv[1])
os.environ.update(spec.get("environ", {}))
sys.platform = spec.get("platform", sys.platform)
now = time.time()
request = codes.CodeRequest(
    user=spec.get("user", "alice"), account="123456789012", device_name="phone", profile="work",
    serial="arn:aws:iam::123456789012:mfa/phone", notice=spec.get("notice", ""),
    not_before=now + spec["wait"] if "wait" in spec else 0.0,
    comes=now + spec["comes"] if "comes" in spec else 0.0,
)

def work():
    pathlib.Path("worked").touch()
    if "refused" in spec:
        raise AwsRefused(spec["refused"], "a hint")
    if "broken" in spec:
        raise OSError(spec["broken"])
    return request.replace(user=spec["better"]) if "better" in spec else None

def seed(serial):
    return Secret(spec["seed"]) if "seed" in spec else None

try:
    if "options" in spec:
        print("chosen", terminal.choose("which one?", spec["options"]))
        sys.exit()
    if "given" in spec:
        source = codes.GivenCode(spec["given"])
    elif "pinentry" in spec:
        source = Pinentry(spec["pinentry"])
    elif "time_limit" in spec:
        source = Command(tuple(spec["code"]), time_limit=spec["time_limit"])
    else:
        code = ("command", *spec["code"]) if isinstance(spec.get("code"), list) else spec.get("code")
        source = codes.source_for(spec.get("preset", code), seed_reader=seed)
    if not source.available():
        print("unavailable", flush=True)
    print("code", source.ask(request, on_waiting=work), "in time" if time.time() >= request.not_before else "too early")
except MfaSessionError as error:
    print(type(error).__name__, error.message, "/", error.hint)
    sys.exit(9)
"""

IN_FRONT = """
trap : INT
stty -g >before
sh -c 'echo $$ >pid; exec "$@"' - "$@" </dev/null >out 2>err
echo $? >code
stty -g >after
"""


def driver(spec: dict[str, Any]) -> list[str]:
    """Return the words that run the driver."""
    return [sys.executable, "-c", DRIVER, json.dumps(spec)]


class PromptDriver(Window):
    """Someone who runs the driver from a shell on a terminal of their own, and sees and types."""

    def __init__(self, folder: Path, spec: dict[str, Any], *, term: str = "xterm-256color", columns: int = 100) -> None:
        self.folder = folder
        environ = {**os.environ, "TERM": term, "LANG": "C.UTF-8"}
        for name in ("DISPLAY", "WAYLAND_DISPLAY", "LC_ALL", "DBUS_SESSION_BUS_ADDRESS"):
            environ.pop(name, None)
        super().__init__(
            ["bash", "--norc", "-c", IN_FRONT, "-", *driver(spec)],
            folder,
            environ,
            columns=columns,
            patience=scaled(20),
        )

    def leave(self, err: str = "") -> str:
        """Wait for the end; return what the driver wrote to stdout. The terminal must be as it was before."""
        self.close()
        assert self.read("after") == self.read("before")
        said = self.read("err")
        assert err in said if err else said == "", said
        return self.read("out")

    @property
    def code(self) -> int:
        """The driver's exit code as the shell reports it."""
        return int(self.read("code"))

    def read(self, name: str) -> str:
        """Return what one of the streams received."""
        return (self.folder / name).read_text()
