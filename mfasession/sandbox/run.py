"""`mfasession sandbox`: a sandbox around a command, or alone until ctrl-C."""

import asyncio
import os
import shlex
import shutil
import signal
import sys
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

from mfasession import programs
from mfasession.messages import complain
from mfasession.programs.child import Child
from mfasession.programs.guard import Guard, keep_standard_descriptors
from mfasession.sandbox import Sandbox
from mfasession.server import run_folder
from mfasession.server.run_folder import RunFolder

USER, DEVICE = "alice", "phone"
"""The demo user, to whom the rule applies, and her authenticator app."""

BY_SIGNAL = 128
"""POSIX shell, 2.8.2 "Exit Status for Commands"."""


def run(command: list[str]) -> int:
    """Run a command with the sandbox as its AWS and return its exit code; without a command, serve until ctrl-C.

    The command gets the sandbox's AWS_* and MFASESSION_* variables instead of the caller's, an empty configuration of
    mfasession and its own XDG folders, all in a folder that is removed afterwards. HOME stays, but a shell's start-up
    file is changed in that folder alone (MFASESSION_SANDBOX_HOME).
    MFASESSION_SANDBOX_CONTROL is a URL: GET $MFASESSION_SANDBOX_CONTROL/code?device=phone returns the device's code,
    POST $MFASESSION_SANDBOX_CONTROL/clock?move=3600 puts AWS's clock an hour ahead, and it refuses what is signed by
    ours; `control` lists the rest. There is no keyring: what the user has in it is real.
    """
    keep_standard_descriptors()
    with run_folder.made(os.environ, run_folder.SANDBOX) as folder, Sandbox() as aws, _guarded(aws, folder):
        aws.add_user(USER).add_device(DEVICE)
        ours = environ(aws, Path(folder.path))
        if command:
            if sys.stderr.isatty():
                _explain_inside()
            return _run(command, child(os.environ, ours), aws.listening)
        stop = threading.Event()
        with _handling((signal.SIGINT, signal.SIGTERM), lambda *_: stop.set()):
            _explain(ours)
            stop.wait()
    return 0


def _guarded(aws: Sandbox, folder: RunFolder) -> Guard:
    return Guard(aws.listening, f"{aws.url}/", environ=os.environ, folder=folder.path, lock=folder.lock)


def environ(aws: Sandbox, folder: Path) -> dict[str, str]:
    """Write the demo user's AWS files and an empty configuration; return the variables for them."""
    config = folder / "config.toml"
    config.touch(mode=0o600)
    xdg = {f"XDG_{kind}_HOME": str(folder / f".{kind.lower()}") for kind in ("CONFIG", "STATE", "CACHE", "DATA")}
    for path in xdg.values():
        Path(path).mkdir(mode=0o700)
    # The keyring is the person's own: what is there for the profile default is a real key.
    keyring = "keyring.backends.fail.Keyring"
    return {
        **aws.environ(home=folder),
        **xdg,
        "MFASESSION_CONFIG": str(config),
        "MFASESSION_SANDBOX_HOME": str(folder),
        "PYTHON_KEYRING_BACKEND": keyring,
    }


def child(inherited: Mapping[str, str], ours: Mapping[str, str]) -> dict[str, str]:
    """Return the environment of the command: the caller's own without AWS_* and MFASESSION_*, then ours."""
    kept = {name: value for name, value in inherited.items() if not name.startswith(("AWS_", "MFASESSION_"))}
    unproxied = [hosts for hosts in (kept.get("NO_PROXY"), kept.get("no_proxy"), ours["NO_PROXY"]) if hosts]
    kept.pop("no_proxy", None)
    return {**kept, **ours, "NO_PROXY": ",".join(unproxied)}


def _run(command: Sequence[str], environment: Mapping[str, str], listening: int) -> int:
    try:
        status = asyncio.run(Child(command, environment, listening).run())
    except programs.CannotRun as failure:
        return _cannot_run(command[0], failure)
    return BY_SIGNAL + os.WTERMSIG(status) if os.WIFSIGNALED(status) else os.WEXITSTATUS(status)


@contextmanager
def _handling(numbers: Iterable[int], handler: Callable[[int, FrameType | None], None]) -> Iterator[None]:
    before = {number: signal.signal(number, handler) for number in numbers}
    try:
        yield
    finally:
        for number, previous in before.items():
            signal.signal(number, previous)


def _cannot_run(name: str, failure: programs.CannotRun) -> int:
    complain(f"{programs.shown(name)}: {failure.reason}", failure.hint)
    return failure.status


def _explain_inside() -> None:
    """Write on the terminal who the user is in the sandbox, and where the codes come from."""
    sys.stderr.write(
        f"mfasession: in this sandbox you are {USER}, and everything without MFA is denied\n"
        f"  the code of her device:   {_fetch(f'code?device={DEVICE}')}\n"
        f"  put AWS's clock ahead:    {_fetch('clock?move=3600', post=True)}\n"
    )


def _fetch(words: str, *, post: bool = False) -> str:
    """Return a command that calls the sandbox's control path from inside."""
    if shutil.which("curl"):
        return f'curl -s{" -X POST" if post else ""} "$MFASESSION_SANDBOX_CONTROL/{words}"'
    data = ", b''" if post else ""
    return (
        f'{shlex.quote(sys.executable)} -c "import os, urllib.request as web; print(web.urlopen('
        f"os.environ['MFASESSION_SANDBOX_CONTROL'] + '/{words}'{data}).read().decode())\""
    )


def _explain(ours: Mapping[str, str]) -> None:
    control = ours["MFASESSION_SANDBOX_CONTROL"]
    for name, value in ours.items():
        sys.stdout.write(f"export {name}={shlex.quote(value)}\n")
    sys.stdout.flush()
    sys.stderr.write(
        f"mfasession: an AWS that enforces MFA is listening on {ours['AWS_ENDPOINT_URL']} until ctrl-C\n"
        f"Paste the export lines into another shell. There you are {USER}, and everything without MFA is denied.\n"
        f"  the code of her device:   curl -s '{control}/code?device={DEVICE}'\n"
        f"  put AWS's clock ahead:    curl -s -X POST '{control}/clock?move=3600'\n"
        f"  make AWS throttle once:   curl -s -X POST '{control}/faults?action=GetSessionToken&kind=throttle'\n"
        f"  the calls so far:         curl -s '{control}/calls'\n"
        f"Then: mfasession login, mfasession exec -- aws s3 ls\n"
    )
