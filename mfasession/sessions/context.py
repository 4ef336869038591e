"""One run of a command: the environment, the files and the configuration, each read when it is first asked for.

On the path of every command: what only a renewal needs is imported there.
"""

import os
import time

from mfasession import config, profiles
from mfasession.awsfiles import AwsFiles, is_managed
from mfasession.errors import StoreError
from mfasession.files import paths
from mfasession.stores.file import CredentialsFileStore

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from mfasession.codes import CodeSource
    from mfasession.config import Config
    from mfasession.options import Options
    from mfasession.profiles import Profile
    from mfasession.stores import SessionStore
    from mfasession.values import Session


class Context:
    """What a command knows besides its own options."""

    def __init__(self, environ: "Mapping[str, str]", options: "Options") -> None:
        self.environ = environ
        self.options = options
        self.began = time.time()
        """Epoch seconds."""
        self.aws_files = AwsFiles(environ)
        self.config: Config = config.load(environ)
        self.code_source: CodeSource | None = None
        """Where codes come from when it is not the configuration that says it."""

    def profile(self, named: str = "") -> "Profile":
        """Return the profile of that name, else the chosen one. Raises ConfigurationError."""
        name = profiles.chosen(named or self.options.profile, self.environ, self.config)
        profile = profiles.resolve(name, self.aws_files, self.config)
        if self.options.serial:
            from mfasession.sessions import devices

            profile = devices.with_device(profile, self.options.serial)
        return profile

    def session(self, profile: "Profile") -> "Session":
        """Return a session that is good for use: the kept one while it is fresh, else a renewed one.

        Raises whatever keeps a session from being made: InputNeeded, AwsRefused, AwsUnreachable, StoreError, Cancelled.
        """
        kept = self.kept(profile)
        margin = profile.settings.refresh_margin
        if kept and not self.options.force and kept.is_fresh(time.time(), margin, self.options.min_ttl):
            return kept
        from mfasession.sessions import renew

        return renew.renew(self, profile, kept)

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
        return self.store(self.options.store or profile.settings.store)

    def store_of_renewed(self, profile: "Profile") -> "SessionStore":
        """Return the store of a new session: a keyring that holds the last one keeps it, but for a `login`."""
        own = self.store_of(profile)
        if own.name == "keyring" or self.options.command == "login":
            return own
        return self._other_store(profile) or own

    def store(self, name: str) -> "SessionStore":
        """Return a store by its name: `file` or `keyring`."""
        if name == "file":
            return CredentialsFileStore(self.aws_files, self.environ)
        from mfasession.stores.keyring import KeyringStore

        return KeyringStore(paths.keyring_index(self.environ))

    def stores(self) -> "list[SessionStore]":
        """Return every store that may hold a session, the credentials file first."""
        used = {self.options.store, self.config.common.store, *(each.store for each in self.config.profiles.values())}
        if "keyring" in used or os.path.exists(paths.keyring_index(self.environ)):
            return [self.store("file"), self.store("keyring")]
        return [self.store("file")]

    def sections(self, store: "SessionStore", only: "Profile | None") -> list[str]:
        """Return the sections that a store lists, or the one of a profile: its own keyring may lack the list."""
        try:
            listed = store.sections()
        except StoreError:
            # A damaged list hides no session whose name is known.
            if only is None or store.name == "file":
                raise
            return [only.session_section]
        if only is None:
            return listed
        section = only.session_section
        return [section] if section in listed or store.name == self.store_of(only).name == "keyring" else []

    def named(self, profile: str = "") -> str:
        """Return a profile, else that of this run, as a hint names it: empty where nobody has to name `default`."""
        name = profile or profiles.chosen(self.options.profile, self.environ, self.config)
        by_itself = not self.options.profile and profiles.is_chosen_by_itself("default", self.environ, self.config)
        return "" if name == "default" and by_itself else name

    def command_line(self, *words: str, profile: str = "") -> str:
        """Return the line that a hint names: mfasession with these words, for a profile, else for that of this run."""
        from mfasession import hints

        return hints.command_line(*words, profile=self.named(profile))

    def again(self, *flags: str) -> str:
        """Return the line that a hint names: the command that was run, with more flags."""
        return self.command_line(*self.options.typed, *flags)

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
            if self.options.store:
                return None
            raise

    def _other_store(self, profile: "Profile") -> "SessionStore | None":
        """The other store than the profile's own, when it says that it holds this profile's session."""
        if self.store_of(profile).name == "keyring":
            is_there = is_managed(self.aws_files.credentials(profile.session_section))
            return self.store("file") if is_there else None
        if not os.path.exists(paths.keyring_index(self.environ)):
            return None
        keyring = self.store("keyring")
        return keyring if profile.session_section in keyring.sections() else None
