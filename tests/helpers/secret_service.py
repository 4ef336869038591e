"""A real Secret Service of the tests' own: a private bus and gnome-keyring's daemon, ended by their process IDs."""

import os
import re
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Self

from tests.helpers.patience import scaled, wait_for
from tests.helpers.support import need

_PASSWORD = b"test"
# No service folders: nothing is started by a call, so there is no race with the daemon that the test starts.
_BUS = """<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig><type>session</type><listen>unix:path={socket}</listen><auth>EXTERNAL</auth>
<policy context="default"><allow send_destination="*" eavesdrop="true"/><allow eavesdrop="true"/><allow own="*"/>
</policy>{more}</busconfig>
"""
_STARTER = """[D-BUS Service]
Name=org.freedesktop.secrets
Exec=/bin/sh -c 'printf {password} | exec {daemon} --foreground --components=secrets --unlock'
"""


class SecretService:
    """A bus and a keyring daemon. `environ` is what a program needs to reach them."""

    def __init__(self, *, unlocked: bool = True, daemon: bool = True, starts_another: bool = False) -> None:
        """`unlocked` and `daemon`: how the keyring is, and whether there is one on the bus at all.

        `starts_another`: as on a desktop, the bus starts an unlocked daemon when it is asked for one and there is none.
        """
        # Short, because the path of a Unix socket holds 108 bytes at most.
        self._folder = Path(tempfile.mkdtemp(prefix="mfa-"))
        self._processes: list[subprocess.Popen[bytes]] = []
        self._unlocked, self._daemon, self._starts_another = unlocked, daemon, starts_another
        self._hung = False
        names = ("XDG_DATA_HOME", "XDG_RUNTIME_DIR", "XDG_CONFIG_HOME")
        self.environ = {name: str(self._folder / name.lower()) for name in names}
        for folder in self.environ.values():
            Path(folder).mkdir(mode=0o700)
        self.environ["DBUS_SESSION_BUS_ADDRESS"] = f"unix:path={self._folder / 'bus'}"

    def __enter__(self) -> Self:
        """Start both, or end what was started."""
        try:
            self._start_bus()
            if self._daemon:
                self.start_daemon(unlocked=self._unlocked)
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        """End both and remove what they kept."""
        for process in reversed(self._processes):
            _end(process)
        shutil.rmtree(self._folder)

    @property
    def daemon(self) -> int:
        """The process ID of the keyring daemon."""
        return self._processes[-1].pid

    @property
    def has_aborted(self) -> bool:
        """Whether the daemon found itself in a state that it takes for impossible, and ended."""
        return self._processes[-1].poll() == -signal.SIGABRT

    def start_daemon(self, *, unlocked: bool) -> None:
        """Start the keyring daemon, its login keyring unlocked (made when there is none) or as it is on the disk."""
        command = [need("gnome-keyring-daemon"), "--foreground", "--components=secrets"]
        process = self._start([*command, "--unlock"] if unlocked else command)
        assert process.stdin is not None
        process.stdin.write(_PASSWORD if unlocked else b"")
        process.stdin.close()
        wait_for(self._is_served, why=lambda: "the keyring daemon did not start")

    def end_daemon(self) -> None:
        """End the keyring daemon; what it kept is on the disk, locked."""
        _end(self._processes.pop())

    def stop(self) -> None:
        """Make the daemon hang."""
        self._processes[-1].send_signal(signal.SIGSTOP)
        self._hung = True

    def resume(self) -> None:
        """Let a hung daemon go on, whatever becomes of it."""
        self._processes[-1].send_signal(signal.SIGCONT)

    def go_on(self) -> None:
        """Let a hung daemon go on. Now and then it aborts instead: then what it kept is served by another."""
        self._processes[-1].send_signal(signal.SIGCONT)
        if self._hung and not self._is_served():
            self.kill()
            self.start_daemon(unlocked=True)
        self._hung = False

    def kill(self) -> None:
        """Let the daemon die in the middle of whatever it does."""
        daemon = self._processes.pop()
        daemon.kill()
        daemon.wait(scaled(10))

    @contextmanager
    def watched(self) -> Iterator[Callable[[], list[tuple[str, str]]]]:
        """Listen on the bus. Yields a function: the requests to the daemon so far, who made each, and its method."""
        seen = self._folder / "seen"
        words = [need("dbus-monitor"), "--session", "type='method_call',destination='org.freedesktop.secrets'"]
        with seen.open("w") as output:
            monitor = subprocess.Popen(words, env={**os.environ, **self.environ}, stdout=output)
        try:
            wait_for(lambda: "NameLost" in seen.read_text(), why=lambda: "dbus-monitor does not listen")
            yield lambda: re.findall(r"^method call .* sender=(\S+) .* member=(\w+)$", seen.read_text(), re.MULTILINE)
        finally:
            monitor.terminate()
            monitor.wait(scaled(10))

    def _start_bus(self) -> None:
        more = f"<servicedir>{self._folder}</servicedir>" if self._starts_another else ""
        (self._folder / "bus.conf").write_text(_BUS.format(socket=self._folder / "bus", more=more))
        if self._starts_another:
            starter = _STARTER.format(password=_PASSWORD.decode(), daemon=need("gnome-keyring-daemon"))
            (self._folder / "org.freedesktop.secrets.service").write_text(starter)
        config = f"--config-file={self._folder / 'bus.conf'}"
        self._start([need("dbus-daemon"), "--nofork", "--nopidfile", config])
        wait_for((self._folder / "bus").exists, why=lambda: "the bus did not start")

    def _start(self, command: list[str]) -> "subprocess.Popen[bytes]":
        process = subprocess.Popen(
            command,
            env={"PATH": os.environ["PATH"], "HOME": str(self._folder), **self.environ},
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        self._processes.append(process)
        return process

    def _is_served(self) -> bool:
        asked = ["--session", "--print-reply", "--dest=org.freedesktop.DBus", "/", "org.freedesktop.DBus.NameHasOwner"]
        answer = subprocess.run(
            [need("dbus-send"), *asked, "string:org.freedesktop.secrets"],
            env={**os.environ, **self.environ},
            capture_output=True,
            timeout=scaled(10),
            check=False,
        )
        return b"boolean true" in answer.stdout


def _end(process: "subprocess.Popen[bytes]") -> None:
    process.send_signal(signal.SIGCONT)
    process.terminate()
    process.wait(scaled(10))
    if process.stdin is not None:
        process.stdin.close()
