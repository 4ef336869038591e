"""Keeps one profile's session alive for a server: watches the files, renews, asks ahead of time.

Requests never wait for it: they get what `session` holds. A renewal is an mfasession process of its own, so that boto3
and a prompt neither slow the server down nor stay in it. A renewal that needs no person gets no terminal; one that does
asks on ours, when no other program reads it.
"""

import asyncio
import errno
import os
import sys
import time
from typing import TYPE_CHECKING

from mfasession import codes, files, hints, plugins, stores, terminal
from mfasession.errors import MfaSessionError
from mfasession.files import paths, system_errors
from mfasession.messages import complain, until
from mfasession.programs import limits
from mfasession.server import schedule
from mfasession.server.schedule import ASK, RENEW, WARN, Needs, RefreshState, next_action
from mfasession.sessions import Context
from mfasession.sessions.create import is_chained
from mfasession.text import printable

if TYPE_CHECKING:
    from collections.abc import Coroutine, Mapping

    from mfasession.profiles import Profile
    from mfasession.server.changes import Changes
    from mfasession.values import Session

TIME_LIMIT = 120.0
"""Seconds for a renewal that needs no person: a code command may take 30, a slow network the rest."""
_KEYRING_LOOK = 15.0
"""Seconds between two looks into a keyring, which does not report changes."""
_SAVING = 0.1
"""Seconds in which another program fills a file again that it has emptied to save it."""
_ERROR_LIMIT = 64 * 1024


class Refresher:
    """Renews one profile's session."""

    def __init__(self, context: Context, profile: "Profile", session: "Session", *, owns_terminal: bool) -> None:
        """`owns_terminal`: no other program reads the terminal, so that this one may ask on it."""
        self.name = profile.name
        self.session: Session | None = session
        self.is_asking = False
        self._environ: Mapping[str, str] = context.environ
        self._files = context.aws_files
        self._request = context.request.replace(min_ttl=0, profile=profile.name)
        self._owns_terminal = owns_terminal
        self._profile = profile
        self._is_automatic = False
        self._is_kept = False
        """Whether a look has ever found it: one that could not be kept is served without."""
        self._seen: tuple[object, ...] = ()
        self._looked = 0.0
        self._failures = 0
        self._not_before = 0.0
        self._warned = ""
        self._trouble = ""

    @property
    def message(self) -> str:
        """Why there is no session, and the command that fixes it."""
        why = f"; {self._trouble}" if self._trouble else ""
        return f"the session of profile {self.name} has expired{why}: run {self._login()}"

    async def run(self, changes: "Changes") -> None:
        """Keep the session, until cancelled."""
        may_have_changed = True
        while True:
            if may_have_changed:
                # First: what changes from here on is seen.
                longest = changes.follow(self._places())
            number, pause = changes.number, schedule.LOOK
            try:
                await self._look()
                await self._act()
                pause = self._due_in()
            except MfaSessionError as error:
                self._trouble = error.message
            except Exception as error:  # noqa: BLE001  # the last resort: a live session is still served
                system = system_errors.explain_unexpected(error)
                self._trouble = system[0] if system else f"unexpected failure: {type(error).__name__}"
            may_have_changed = await changes.wait(min(longest, pause), since=number)

    async def _look(self, *, force: bool = False) -> None:
        """Read the files when they have changed; a keyring, from time to time."""
        seen = tuple(_stamp(place) for place in self._places())
        if force or seen != self._seen or self._keyring_is_due():
            self._looked = time.monotonic()
            found = await self._kept_now()
            if found is None and self._is_alive():
                await asyncio.sleep(_SAVING)
                found = await self._kept_now()
            self._is_kept = self._is_kept or found is not None
            if self._is_kept:
                self.session = found
            self._seen = seen

    async def _kept_now(self) -> "Session | None":
        self._profile, found, self._is_automatic = await asyncio.to_thread(self._read)
        return found

    def _keyring_is_due(self) -> bool:
        pause = _KEYRING_LOOK if self._is_fresh() else schedule.LOOK
        if time.monotonic() - self._looked < pause:
            return False
        return self._has_index()

    def _has_index(self) -> bool:
        """Whether a session may be where no file changes."""
        return len(stores.in_use(self._environ, [self._profile.settings.store])) > 1

    async def _act(self) -> None:
        if self._is_fresh():
            self._failures, self._not_before, self._warned, self._trouble = 0, 0.0, "", ""
            return
        action = next_action(self._state(), time.time())
        if action == WARN:
            self._warn()
        elif action in (RENEW, ASK):
            await self._renew(action)

    def _due_in(self) -> float:
        """Seconds until something can be due though no file changes."""
        seconds = max(schedule.due_in(self._state(), time.time()), 0.0)
        return min(seconds, _KEYRING_LOOK) if self._has_index() else seconds

    def _state(self) -> RefreshState:
        return RefreshState(
            session=self.session,
            margin=self._profile.settings.refresh_margin,
            needs=Needs.NOTHING if self._is_automatic else Needs.PROMPT if self._may_ask() else Needs.LOGIN,
            not_before=self._not_before,
            warned=self._warned == self._phase(),
        )

    def _is_fresh(self) -> bool:
        return self.session is not None and self.session.is_fresh(time.time(), self._profile.settings.refresh_margin)

    def _is_alive(self) -> bool:
        return self.session is not None and self.session.is_alive(time.time())

    def _phase(self) -> str:
        return "ending" if self._is_alive() else "ended"

    def _places(self) -> list[str]:
        """The files that decide; a store may get its index at any time."""
        indexes = [paths.store_index(self._environ, name) for name in plugins.names("stores")]
        return [self._files.credentials_path, self._files.config_path, files.config_file(self._environ), *indexes]

    def _read(self) -> "tuple[Profile, Session | None, bool]":
        context = Context(self._environ, self._request)
        profile = context.profile(self.name)
        return profile, context.kept(profile), _renews_automatically(context, profile)

    def _may_ask(self) -> bool:
        if self._request.no_input:
            return False
        return codes.source_class(self._profile.settings.code).has_window() or self._has_terminal()

    def _has_terminal(self) -> bool:
        return self._owns_terminal and terminal.is_ours()

    async def _renew(self, action: str) -> None:
        """Run another mfasession to renew the session, and read what it stored."""
        attended = action == ASK and self._has_terminal()
        # `login` renews or fails; `process` also uses a role's source that is close to its end.
        command = "login" if attended else "process"
        words = [command, "-p", self.name, *(["--no-input"] if self._request.no_input else []), *self._request.flags()]
        seconds = self.session.expires - time.time() if action == ASK and self.session else TIME_LIMIT
        self.is_asking = attended
        try:
            said = await _run(words, attended=attended, seconds=seconds)
        finally:
            self.is_asking = False
        await self._look(force=True)
        if self._is_fresh():
            return
        self._failures += 1
        self._not_before = schedule.next_try(time.time(), self._failures, action)
        if said and said[0] != self._trouble:
            complain(f"profile {self.name} was not renewed: {said[0]}", said[1])
        self._trouble = said[0] if said else ""

    def _warn(self) -> None:
        self._warned = self._phase()
        if self.session is not None and self._is_alive():
            what = f"ends at {until(self.session.expires, time.time())}, and there is no terminal to ask for a code"
        else:
            what = "has expired"
        complain(f"the session of profile {self.name} {what}", self._login())

    def _login(self) -> str:
        return hints.command_line("login", *self._request.flags(), profile=self.name)


def _renews_automatically(context: Context, profile: "Profile") -> bool:
    """Whether a new session needs no person: a program gives the code, or the source profile's session is alive."""
    if not is_chained(profile):
        return not codes.source_class(profile.settings.code).interactive
    if profile.source is None:
        return False
    base = context.kept(profile.source)
    return (base is not None and base.is_alive(time.time())) or _renews_automatically(context, profile.source)


def _stamp(path: str) -> object:
    try:
        status = os.stat(path)
    except OSError:
        return None
    return status.st_ino, status.st_size, status.st_mtime_ns


async def _run(words: list[str], *, attended: bool, seconds: float) -> tuple[str, str] | None:
    """Run mfasession, for `seconds` at most; return its error and hint, if they come to us."""
    process = await _started(words, attended=attended)
    said = b""
    try:
        async with asyncio.timeout(seconds):
            if process.stderr is not None:
                while chunk := await process.stderr.read(4096):
                    said = (said + chunk)[:_ERROR_LIMIT]
            await process.wait()
    except TimeoutError:
        said = said or b"mfasession: it took too long\n"
    finally:
        if process.returncode is None:
            # SIGTERM lets it restore the terminal.
            process.terminate()
            await process.wait()
    if attended or process.returncode == 0:
        return None
    lines = [printable(line).strip() for line in said.decode("utf-8", "replace").splitlines()]
    message = next(
        (line.removeprefix("mfasession: ") for line in lines if line.startswith("mfasession: ")), "it failed"
    )
    hint = next((line.removeprefix("hint: ") for line in lines if line.startswith("hint: ")), "")
    return message, hint


async def _started(words: list[str], *, attended: bool) -> asyncio.subprocess.Process:
    def start() -> "Coroutine[object, object, asyncio.subprocess.Process]":
        return asyncio.create_subprocess_exec(
            sys.executable, "-P", "-m", "mfasession", *words,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.DEVNULL,
            stderr=None if attended else asyncio.subprocess.PIPE,
            start_new_session=not attended,
        )  # fmt: skip

    try:
        with limits.as_started():
            return await start()
    except OSError as error:
        if error.errno != errno.EMFILE:
            raise
    # With many clients, the limit on open files that we were started with leaves no room for its pipes.
    return await start()
