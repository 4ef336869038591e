"""Sessions: found where they are stored, renewed, created with a code, handed out.

On the path of every command: what only a renewal needs is imported where it is needed.
"""

import time

from mfasession import config, profiles, stores
from mfasession.awsfiles import AwsFiles
from mfasession.errors import StoreError
from mfasession.values import Secret, Value

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from mfasession.codes import CodeSource
    from mfasession.config import Config
    from mfasession.profiles import Profile
    from mfasession.stores import SessionStore
    from mfasession.values import Role, Session


class SessionRequest(Value):
    """What a command wants of a session. Durations are seconds, and 0 where the profile's own setting counts."""

    profile: str = ""
    """The name given with -p; empty for the profile that is chosen by the environment or the configuration."""
    serial: str = ""
    """Of the MFA device, in place of the profile's own."""
    code: Secret = Secret("")
    """Six digits, or `-` for a code on stdin; empty to ask the profile's source of codes."""
    duration: int = 0
    min_ttl: int = 0
    """Seconds that the session must still live."""
    store: str = ""
    """The store's name, in place of the profile's own."""
    key_place: str = ""
    """The name of the place for a long-term key, in place of the profile's `keys_in`."""
    force: bool = False
    """A new session, though the old one is fresh; for `keys`, a new key in place of another one."""
    no_input: bool = False
    """No person is asked."""
    accepts_aging: bool = True
    """A session that should be renewed and cannot be is an answer while it lives."""
    must_keep: bool = False
    """A new session goes to the profile's own store, and it is an error when it cannot be kept there."""
    region: str = ""
    """For our own calls and for programs, in place of all others."""
    role: "Role | None" = None
    """Assumed with the session of the profile, which has none of its own for it."""
    typed: tuple[str, ...] = ()
    """The words of the command line that a hint repeats, see `hints.repeatable`."""
    login_words: tuple[str, ...] = ()
    """The words of a `login` that a hint repeats; empty for all other commands."""

    def as_login(self, *words: str) -> "SessionRequest":
        """Return the request of a `login`, which is there for the session itself; `words` are those it was run with."""
        return self.replace(accepts_aging=False, must_keep=True, login_words=words)

    def flags(self) -> list[str]:
        """Return the words by which another command makes the same session."""
        # A command may want a short session for itself: only what the user has typed is repeated.
        is_typed = any(word.startswith("--duration") for word in self.typed)
        flags = ["--duration", str(self.duration)] if self.duration and is_typed else []
        return flags + (["--region", self.region] if self.region else []) + self.role_flags()

    def role_flags(self) -> list[str]:
        """Return the words by which another command names the same role; none without one."""
        if self.role is None:
            return []
        from mfasession.profiles import ad_hoc

        return ad_hoc.flags_of(self.role)

    def is_met_by(self, session: "Session", margin: int, *, replaced: "Session | None") -> bool:
        """Return whether a session needs no renewal: it is fresh, and with `force` another one than that to replace.

        `margin` is the profile's `refresh_margin` in seconds.
        """
        is_wanted = not self.force or session != replaced
        return is_wanted and session.is_fresh(time.time(), margin, self.min_ttl)

    def accepts(self, session: "Session") -> bool:
        """Return whether a session that should be renewed and cannot be is an answer all the same."""
        if self.force or not self.accepts_aging:
            return False
        now = time.time()
        return session.is_alive(now) and session.expires - now >= self.min_ttl


class Context:
    """The files, the configuration and the stores of one run, and what it wants of a session."""

    def __init__(self, environ: "Mapping[str, str]", request: SessionRequest, settings: "Config | None" = None) -> None:
        """`settings` are used in place of `config.toml`, which is then not read. Raises ConfigurationError."""
        self.environ = environ
        self.request = request
        self.began = time.time()
        """Epoch seconds."""
        self.aws_files = AwsFiles(environ)
        self.config: Config = config.load(environ) if settings is None else settings
        self.code_source: CodeSource | None = None
        """Where codes come from when it is not the configuration that says it."""
        self.stores_in_use: list[str] | None = None
        """What `stores.in_use` returns, where it is known for a whole run; else it is called for each profile."""

    def profile(self, named: str = "") -> "Profile":
        """Return the profile of that name, else the chosen one. Raises ConfigurationError."""
        name = profiles.chosen(named or self.request.profile, self.environ, self.config)
        role = self.request.role
        profile = profiles.resolve(name, self.aws_files, self.config, is_source=role is not None)
        if role is not None:
            from mfasession.profiles import ad_hoc

            profile = ad_hoc.with_role(profile, role, self.aws_files)
        if self.request.serial:
            from mfasession.sessions import devices

            profile = devices.with_device(profile, self.request.serial)
        if self.request.region:
            from mfasession.profiles import regions

            profile = regions.with_region(profile, self.request.region)
        return profile

    def kept(self, profile: "Profile") -> "Session | None":
        """Return the kept session of a profile when it is bound to its key, device and role as they are now.

        Its region is the profile's as it is now, too.
        """
        session = self._found(profile)
        if session is None or not profiles.fits(session, profile):
            return None
        return session.replace(region=profile.region)

    def store_of(self, profile: "Profile") -> "SessionStore":
        """Return the store that the profile's sessions are written to."""
        return self.store(self.request.store or profile.settings.store)

    def store_of_renewed(self, profile: "Profile") -> "SessionStore":
        """Return the store of a new session; without a `login` it does not move to plain text from another store."""
        own = self.store_of(profile)
        if not own.is_plain_text or self.request.must_keep:
            return own
        return self._other_store(profile) or own

    def store(self, name: str) -> "SessionStore":
        """Return a store by its name."""
        return stores.opened(name, self.aws_files, self.environ)

    def stores(self) -> "list[SessionStore]":
        """Return every store that may hold a session, the default one first."""
        used = {self.request.store, self.config.common.store, *(each.store for each in self.config.profiles.values())}
        return [self.store(name) for name in stores.in_use(self.environ, used)]

    def sections(self, store: "SessionStore", only: "Profile | None") -> list[str]:
        """Return the sections that a store lists, or the one of a profile, whose store may lack its list."""
        try:
            listed = store.sections()
        except StoreError:
            # A damaged list hides no session whose name is known.
            if only is None or not store.has_index:
                raise
            return [only.session_section]
        if only is None:
            return listed
        section = only.session_section
        may_be_there = store.has_index and store.name == self.store_of(only).name
        return [section] if section in listed or may_be_there else []

    def named(self, profile: str = "") -> str:
        """Return a profile, else that of this run, as a hint names it: empty where `default` need not be named."""
        name = profile or profiles.chosen(self.request.profile, self.environ, self.config)
        by_itself = not self.request.profile and profiles.is_chosen_by_itself("default", self.environ, self.config)
        return "" if name == "default" and by_itself else name

    def command_line(self, *words: str, profile: str = "") -> str:
        """Return the line that a hint names: mfasession with these words, for a profile, else for that of this run."""
        from mfasession import hints

        return hints.command_line(*words, profile=self.named(profile))

    def again(self, *flags: str) -> str:
        """Return the line that a hint names: the command that was run, with more flags."""
        return self.command_line(*self.request.typed, *flags)

    def _found(self, profile: "Profile") -> "Session | None":
        """The session in the profile's own store, else the one that a `login --store` has put into the other."""
        section = profile.session_section
        try:
            session = self.store_of(profile).load(section)
        except StoreError:
            other = self._other_store(profile)
            session = other.load(section) if other else None
            if session is None or not session.is_alive(time.time()):
                raise
            return session
        other = self._other_store(profile) if session is None else None
        try:
            return other.load(section) if other else session
        except StoreError:
            # A store that is asked for by name does without the other.
            if self.request.store:
                return None
            raise

    def _other_store(self, profile: "Profile") -> "SessionStore | None":
        """Another store than the profile's own that lists this profile's session."""
        own = self.store_of(profile).name
        known = stores.in_use(self.environ) if self.stores_in_use is None else self.stores_in_use
        others = (self.store(name) for name in known if name != own)
        return next((store for store in others if store.has(profile.session_section)), None)


def session(context: Context, profile: "Profile") -> "Session":
    """Return a session that meets the context's request: the kept one while it is fresh, else a renewed one.

    Raises whatever keeps a session from being made: InputNeeded, AwsRefused, AwsUnreachable, StoreError, Cancelled.
    """
    kept = context.kept(profile)
    if kept and context.request.is_met_by(kept, profile.settings.refresh_margin, replaced=kept):
        return kept
    from mfasession.sessions import renew

    # The session of a role's source is made the same way.
    return renew.renew(context, profile, kept, session_of=session)


def move_to_store(context: Context, profile: "Profile", session: "Session") -> None:
    """Keep a session, and that of its source profile, each in the profile's own store and in no other.

    One that is found in the keyring goes to the file only with `--store file`: never by itself to plain text.
    Raises StoreError.
    """
    if profile.source is not None and (source := context.kept(profile.source)) is not None:
        move_to_store(context, profile.source, source)
    store = context.store_of(profile)
    if store.is_plain_text and context.request.store != store.name:
        return
    if [each.name for each in context.stores() if each.has(profile.session_section)] == [store.name]:
        # It was found there, and a look must not cost what a renewal does.
        return
    from mfasession.sessions import renew

    renew.move(context, profile, session, store)
