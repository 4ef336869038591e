"""The whole endpoint: a socket, a token, a refresher for each profile, and the server."""

import asyncio
import secrets
import socket
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress

from mfasession import process_memory
from mfasession.errors import ConfigurationError
from mfasession.profiles import Profile
from mfasession.programs.guard import Guard, take_over
from mfasession.server import connections
from mfasession.server.changes import Changes
from mfasession.server.connections import Listener
from mfasession.server.protocol import ADDRESS, Server, Supplied, path_of
from mfasession.server.refresher import Refresher
from mfasession.server.run_folder import RunFolder
from mfasession.sessions import Context
from mfasession.values import Secret, Session


class Endpoint:
    """Serves profiles on a port of 127.0.0.1. It listens from the start, and answers while `run` runs."""

    def __init__(
        self, context: Context, served: Sequence[tuple[Profile, Session]], *, port: int = 0, owns_terminal: bool
    ) -> None:
        """Raises ConfigurationError when the port is taken."""
        process_memory.deny_ptrace()
        self._listening = _bound(port)
        self.port: int = self._listening.getsockname()[1]
        self.token = Secret(secrets.token_urlsafe(32))
        self._refreshers = [
            Refresher(context, profile, session, owns_terminal=owns_terminal) for profile, session in served
        ]

    def guarded(self, environ: Mapping[str, str], folder: RunFolder) -> Guard:
        """Return the guard of the port and of the folder of this run's files. Raises MfaSessionError."""
        return Guard(self.listening, _mark(self.port), environ=environ, folder=folder.path, lock=folder.lock)

    @property
    def listening(self) -> int:
        """The descriptor of the listening socket."""
        return self._listening.fileno()

    @property
    def is_asking(self) -> bool:
        """Whether a question is on the terminal: then ctrl-C is the answer to it."""
        return any(refresher.is_asking for refresher in self._refreshers)

    def uri(self, profile: str) -> str:
        """Return the URI of a profile."""
        return f"{_mark(self.port).removesuffix('/')}{path_of(profile)}"

    async def run(self, work: Callable[[], Awaitable[int]]) -> int:
        """Serve until the work is done; return its result."""
        supplies = {path_of(refresher.name): _supply(refresher) for refresher in self._refreshers}
        async with Listener(self._listening, Server(self.port, self.token, supplies)):
            changes = Changes()
            refreshing = [asyncio.create_task(refresher.run(changes)) for refresher in self._refreshers]
            try:
                return await work()
            finally:
                for task in refreshing:
                    task.cancel()
                await asyncio.gather(*refreshing, return_exceptions=True)
                changes.close()


def _mark(port: int) -> str:
    """The text that is in the environment of every program that trusts the endpoint."""
    return f"http://{ADDRESS}:{port}/"


def _bound(port: int) -> socket.socket:
    try:
        return connections.bound(port)
    except ConfigurationError:
        for _ in take_over(_mark(port)) if port else ():
            with suppress(ConfigurationError):
                return connections.bound(port)
        raise


def _supply(refresher: Refresher) -> Callable[[], Supplied]:
    return lambda: Supplied(session=refresher.session, message=refresher.message)
