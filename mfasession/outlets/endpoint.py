"""The endpoint as a whole: a socket, a token, a keeper for each profile, the server between them."""

import asyncio
import secrets
from collections.abc import Awaitable, Callable, Sequence

from mfasession import hardening
from mfasession.context import Context
from mfasession.keeper import Keeper
from mfasession.model import Session
from mfasession.outlets import listener
from mfasession.outlets.listener import Listener
from mfasession.outlets.server import ADDRESS, Server, Supplied, path_of
from mfasession.profiles import Profile
from mfasession.values import Secret


class Endpoint:
    """Serves profiles on a port of 127.0.0.1. It listens from the start, and answers while `run` runs."""

    def __init__(
        self, context: Context, served: Sequence[tuple[Profile, Session]], *, port: int = 0, owns_terminal: bool
    ) -> None:
        """Raises ConfigurationError when the port is taken."""
        hardening.forbid_looking()
        self._listening = listener.bound(port)
        self.port: int = self._listening.getsockname()[1]
        self.token = Secret(secrets.token_urlsafe(32))
        self._keepers = [Keeper(context, profile, session, owns_terminal=owns_terminal) for profile, session in served]

    @property
    def is_asking(self) -> bool:
        """Whether a question stands on the terminal: ctrl-C is an answer to it then."""
        return any(keeper.is_asking for keeper in self._keepers)

    def uri(self, profile: str) -> str:
        """Return where a profile is served."""
        return f"http://{ADDRESS}:{self.port}{path_of(profile)}"

    async def run(self, work: Callable[[], Awaitable[int]]) -> int:
        """Serve until the work is done; return what it returns."""
        supplies = {path_of(keeper.name): _supply(keeper) for keeper in self._keepers}
        async with Listener(self._listening, Server(self.port, self.token, supplies)):
            keeping = [asyncio.create_task(keeper.run()) for keeper in self._keepers]
            try:
                return await work()
            finally:
                for task in keeping:
                    task.cancel()
                await asyncio.gather(*keeping, return_exceptions=True)


def _supply(keeper: Keeper) -> Callable[[], Supplied]:
    return lambda: Supplied(session=keeper.session, message=keeper.message)
