"""Sessions of many profiles from as few codes as can be: the questions first, then all roles at once.

A role's session is handed over when it is kept. Threads take the roles and another one keeps what they bring, all that
has come meanwhile in one step: each write of the credentials file costs its whole length.
"""

import threading
import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from mfasession import process_memory, sessions, stores
from mfasession.awsfiles import AwsFiles
from mfasession.errors import Cancelled, InputNeeded, MfaSessionError, StoreError
from mfasession.messages import complain
from mfasession.profiles import ROLE_TEXTS
from mfasession.sessions import destination
from mfasession.sessions.create import assumed, check_role, forget_all_elsewhere, is_chained
from mfasession.values import Value

if TYPE_CHECKING:
    from concurrent.futures import ThreadPoolExecutor

    from mfasession.aws.client import Aws
    from mfasession.profiles import Profile
    from mfasession.sessions import Context
    from mfasession.stores import SessionStore
    from mfasession.values import Session

THREADS = 8
"""Roles that are assumed at once; botocore keeps ten connections."""
PAUSES = (0.5, 1.0, 2.0, 4.0, 8.0)
"""Seconds before a throttled request is sent again, give or take half: many at once may be throttled for longer."""
_OF_THE_ROLE = {"role_arn", "source_profile", "role_session_name", "duration_seconds", "mfa_serial", *ROLE_TEXTS}

OnOutcome = Callable[["Profile", "Session | MfaSessionError"], None]
"""Called from any thread with a profile's session, kept if that is possible, or with the error."""


class _Future:
    """The session of one section, made by whichever thread needs it first."""

    def __init__(self, outcome: "Session | MfaSessionError | None" = None) -> None:
        self.lock = threading.Lock()
        self.outcome = outcome


class _Made(Value):
    """A session to be kept. `is_awaited`: it is handed over then; else another role only needed it."""

    profile: "Profile"
    session: "Session"
    is_awaited: bool


class Batch:
    """One run for many profiles."""

    def __init__(self, context: "Context", on_outcome: OnOutcome) -> None:
        self._context = context
        self._on_outcome = on_outcome
        self._made: dict[str, _Future] = {}
        self._fallbacks: dict[str, Session] = {}
        self._store_names: dict[str, str] = {}
        self._kept_settings: dict[str, tuple[tuple[str, str], ...]] = {}
        self._checked: set[str] = set()
        self._kept: dict[str, str] = {}
        self._said: set[str] = set()
        self._settings: dict[str, frozenset[tuple[str, str]]] = {}
        self._clients: dict[object, Aws] = {}
        self._connecting = threading.Lock()
        self._pool: ThreadPoolExecutor | None = None
        """Assumes roles."""
        self._keeper: ThreadPoolExecutor | None = None
        """The one thread that keeps their sessions."""
        self._roles: list[Profile] = []
        self._to_keep: list[_Made] = []
        self._to_keep_lock = threading.Lock()
        self._stores: dict[str, SessionStore] = {}

    def ask(self, profiles: "Sequence[Profile]") -> None:
        """Hand over the sessions that are fresh, and ask for all codes that the others need. Raises Cancelled.

        An error of one profile is handed over and does not stop the others. No two profiles have the same section.
        """
        users: dict[str, Profile] = {}
        asking: list[Profile] = []
        # A store that is first used by this run has none of the sessions that are looked for.
        self._context.stores_in_use = stores.in_use(self._context.environ)
        for profile in profiles:
            try:
                if not self._is_there(profile):
                    if is_chained(profile):
                        self._note(profile, users)
                    else:
                        users[profile.session_section] = profile
                        asking.append(profile)
            except MfaSessionError as reason:
                self._on_outcome(profile, reason)
        outcomes = {section: self._asked(user) for section, user in users.items()}
        self._made.update((section, _Future(outcome)) for section, outcome in outcomes.items())
        for profile in asking:
            self._on_outcome(profile, outcomes[profile.session_section])

    def start(self) -> None:
        """Begin to assume the roles; returns at once."""
        roles, self._roles = self._roles, []
        if not roles:
            return
        if self._pool is None:
            # Fresh sessions need no threads.
            from concurrent.futures import ThreadPoolExecutor

            process_memory.deny_ptrace()
            self._pool = ThreadPoolExecutor(THREADS, "mfasession-roles")
            self._keeper = ThreadPoolExecutor(1, "mfasession-keeper")
            # Now, where a lack of threads is reported: not when there is something to keep.
            self._keeper.submit(self._keep_all)
        for profile in roles:
            self._pool.submit(self._assume, profile)

    def renew(self, profile: "Profile", session: "Session") -> None:
        """Take the session of a chained role once more, which has aged while others ran: without a code.

        If that fails, the old one is handed over again while it is valid.
        """
        self._fallbacks[profile.session_section] = session
        # Somebody may have logged in meanwhile.
        self._context.aws_files.reread()
        users: dict[str, Profile] = {}
        try:
            self._note_way(profile, users)
            self._made.update((section, _Future(self._left_of(user))) for section, user in users.items())
        except MfaSessionError as reason:
            self._on_outcome(profile, self._fallback_of(profile) or reason)
            return
        self._roles.append(profile)
        self.start()

    def is_fresh(self, profile: "Profile", session: "Session") -> bool:
        """Return whether a session need not be renewed for this run."""
        return self._context.request.is_met_by(session, profile.settings.refresh_margin, replaced=session)

    def forget_stale(self) -> None:
        """Forget what other stores still hold of the sessions that were kept. Raises StoreError."""
        forget_all_elsewhere(self._context, self._kept)

    def _is_there(self, profile: "Profile") -> bool:
        kept = self._context.kept(profile)
        if kept is not None and self.is_fresh(profile, kept):
            self._on_outcome(profile, kept)
            return True
        if kept is not None:
            self._fallbacks[profile.session_section] = kept
        return False

    def _note(self, profile: "Profile", users: "dict[str, Profile]") -> None:
        """Note a role that is to be assumed, and the user whose session it needs."""
        check_role(profile, self._context.request.min_ttl)
        store = self._context.store_of_renewed(profile)
        if store.name not in self._checked:
            store.check(profile.session_section)
            self._checked.add(store.name)
        self._note_way(profile, users, store.name)
        self._roles.append(profile)

    def _note_way(self, profile: "Profile", users: "dict[str, Profile]", store: str = "") -> None:
        """Note what is known of a role, and of those that it is assumed through. `store` is the name of its own."""
        keys = self._context.aws_files.profile(profile.name) or {}
        own = {name: value for name, value in keys.items() if name not in _OF_THE_ROLE and not name.startswith("aws_")}
        self._settings[profile.session_section] = frozenset({**own, "region": profile.region}.items())
        self._store_names[profile.session_section] = store or self._store_name(profile)
        self._kept_settings[profile.session_section] = destination.kept_settings(self._context.aws_files, profile)
        source = profile.source
        if source is None or self._is_made(source):
            return
        kept = self._context.kept(source)
        if kept is not None and kept.is_fresh(time.time(), source.settings.refresh_margin):
            self._made[source.session_section] = _Future(kept)
        elif is_chained(source):
            self._note_way(source, users)
        else:
            users.setdefault(source.session_section, source)

    def _is_made(self, profile: "Profile") -> bool:
        """Whether the session of a profile is there, is being made, or cannot be had in this run."""
        future = self._made.get(profile.session_section)
        if future is None or future.outcome is None or isinstance(future.outcome, MfaSessionError):
            return future is not None
        if is_chained(profile):
            return self.is_fresh(profile, future.outcome)
        return future.outcome.is_alive(time.time())

    def _left_of(self, user: "Profile") -> "Session | MfaSessionError":
        """What is left of a session that would take a code."""
        kept = self._context.kept(user)
        if kept is not None and kept.is_alive(time.time()):
            return kept
        return InputNeeded(
            f"the session of profile {user.name} has ended while others ran",
            self._context.command_line("login", profile=user.name),
        )

    def _store_name(self, profile: "Profile") -> str:
        return self._context.store_of_renewed(profile).name

    def _asked(self, user: "Profile") -> "Session | MfaSessionError":
        try:
            return sessions.session(self._context, user)
        except Cancelled:
            raise
        except MfaSessionError as reason:
            return reason

    def _assume(self, profile: "Profile") -> None:
        try:
            self._session_of(profile, is_awaited=True)
        except MfaSessionError as reason:
            self._on_outcome(profile, self._fallback_of(profile) or reason)
        except Exception as error:  # noqa: BLE001  # reported as cli reports it
            self._on_outcome(profile, _unexpected(error))

    def _fallback_of(self, profile: "Profile") -> "Session | None":
        """The session that was to be renewed, while it serves."""
        fallback = self._fallbacks.get(profile.session_section)
        return fallback if fallback is not None and self._context.request.accepts(fallback) else None

    def _session_of(self, profile: "Profile", *, is_awaited: bool = False) -> "Session":
        future = self._made.setdefault(profile.session_section, _Future())
        with future.lock:
            if future.outcome is None or self._has_aged(profile, future.outcome):
                try:
                    future.outcome = self._assumed(profile)
                except MfaSessionError as reason:
                    future.outcome = reason
                else:
                    self._put_to_keep(_Made(profile=profile, session=future.outcome, is_awaited=is_awaited))
                    is_awaited = False
            if isinstance(future.outcome, MfaSessionError):
                raise future.outcome
            if is_awaited:
                self._on_outcome(profile, future.outcome)
            return future.outcome

    def _has_aged(self, profile: "Profile", outcome: "Session | MfaSessionError") -> bool:
        """Whether a role's session is to be made anew, and what it is made from is known."""
        if isinstance(outcome, MfaSessionError) or profile.source is None or not is_chained(profile):
            return False
        return profile.source.session_section in self._made and not self.is_fresh(profile, outcome)

    def _assumed(self, profile: "Profile") -> "Session":
        if profile.source is None:
            raise AssertionError("a role has a source profile")
        base = self._session_of(profile.source)
        return assumed(profile, base, self._aws(profile, base))

    def _aws(self, profile: "Profile", base: "Session") -> "Aws":
        """One connection for all roles of a source whose profiles say the same of where AWS is."""
        known = (base.access_key_id, self._settings.get(profile.session_section))
        with self._connecting:
            if known not in self._clients:
                from mfasession.aws.client import Aws

                aws = Aws(profile, base, self._context.environ, PAUSES)
                aws.connect()
                self._clients[known] = aws
            return self._clients[known]

    def _put_to_keep(self, made: _Made) -> None:
        assert self._keeper is not None
        with self._to_keep_lock:
            self._to_keep.append(made)
            is_first = len(self._to_keep) == 1
        if is_first:
            # The others are kept with it.
            self._keeper.submit(self._keep_all)

    def _keep_all(self) -> None:
        """Keep what has come meanwhile, each store's in one step."""
        with self._to_keep_lock:
            come, self._to_keep = self._to_keep, []
        batch: dict[str, list[_Made]] = {}
        for made in come:
            batch.setdefault(self._store_names[made.profile.session_section], []).append(made)
        for name, of_store in batch.items():
            self._keep(of_store, name)

    def _store(self, name: str) -> "SessionStore":
        if name not in self._stores:
            # Files of its own: those of the context belong to the main thread.
            environ = self._context.environ
            self._stores[name] = stores.opened(name, AwsFiles(environ), environ)
        return self._stores[name]

    def _say_unkept(self, reason: StoreError) -> None:
        """Say once why sessions are not kept: they serve their commands all the same."""
        if reason.message not in self._said:
            self._said.add(reason.message)
            complain(f"sessions serve their commands alone, because they are not kept: {reason.message}", reason.hint)

    def _keep(self, batch: "Sequence[_Made]", name: str) -> None:
        sections = [made.profile.session_section for made in batch]
        try:
            self._store(name).save_all(
                {
                    section: destination.as_kept(made.profile, made.session, self._kept_settings[section])
                    for section, made in zip(sections, batch, strict=True)
                }
            )
        except MfaSessionError as reason:
            self._report_unkept(batch, name, reason)
            return
        except Exception as error:  # noqa: BLE001  # reported as cli reports it
            self._report_unkept(batch, name, _unexpected(error))
            return
        for made in batch:
            self._kept[made.profile.session_section] = name
            if made.is_awaited:
                self._on_outcome(made.profile, made.session)

    def _report_unkept(self, batch: "Sequence[_Made]", name: str, reason: MfaSessionError) -> None:
        """Keep one by one what was not kept together; report what is not kept even so."""
        if len(batch) > 1:
            for made in batch:
                self._keep([made], name)
        elif batch[0].is_awaited:
            serves = isinstance(reason, StoreError) and not self._context.request.must_keep
            if isinstance(reason, StoreError) and serves:
                self._say_unkept(reason)
            self._on_outcome(batch[0].profile, batch[0].session if serves else reason)


def _unexpected(error: Exception) -> MfaSessionError:
    return MfaSessionError(f"unexpected failure: {type(error).__name__}")
