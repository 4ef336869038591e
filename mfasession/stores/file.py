"""Sessions as sections of the AWS credentials file, which every SDK can read. On the path of every command.

A section of ours says `manager = mfasession`; any other section of the file belongs to others and is never written.
"""

import os

from mfasession import timestamps
from mfasession.awsfiles import MANAGER, is_managed
from mfasession.errors import ConfigurationError, StoreError
from mfasession.values import Secret, Session, is_whole

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Self

    from mfasession.awsfiles import AwsFiles
    from mfasession.awsfiles.outline import Outline
    from mfasession.files.shared_edit import Reserved

EXPIRES = "x_security_token_expires"
"""The expiry key that saml2aws writes and starship shows; `expiration` and `aws_expiration` are other tools'."""


class CredentialsFileStore:
    """The store called `file`."""

    name = "file"
    backend = ""
    is_plain_text = True
    has_index = False

    def __init__(self, aws_files: "AwsFiles", environ: "Mapping[str, str]") -> None:
        self._files = aws_files
        self._environ = environ
        self._reserved: Reserved | None = None
        self._outline: Outline | None = None
        """That of the text for which space is reserved: a person waits while it is made again."""

    @classmethod
    def opened(cls, aws_files: "AwsFiles", environ: "Mapping[str, str]") -> "Self":
        """Return the store in the credentials file."""
        return cls(aws_files, environ)

    def load(self, section: str) -> "Session | None":
        """Return the session kept in a section; None when there is none or it is not whole.

        Raises ConfigurationError: the section is not ours, or the file is unsafe or malformed.
        """
        keys = self._files.credentials(section)
        if keys is None:
            return None
        self._refuse_foreign(section, keys)
        return _session(keys)

    def has(self, section: str) -> bool:
        """Return whether a section is a session of ours."""
        return is_managed(self._files.credentials(section))

    def wait_for_writers(self) -> None:
        """Wait while another tool writes the file: half of it would hide a session."""
        from mfasession.files import shared_edit

        shared_edit.wait(self._files.credentials_path)
        self._files.reread()

    def check(self, section: str) -> None:
        """Raise what `save` would raise, as far as it can be known before a code is spent on it."""
        self.reserve(section)
        self.release()

    def reserve(self, section: str) -> None:
        """Raise as `check`, and keep the space that `save` needs until `release`."""
        from mfasession.awsfiles import ini_edit, outline
        from mfasession.files import shared_edit

        path = self._files.credentials_path
        self._files.end_unfinished()
        shared_edit.wait(path)
        self._outline = outline.of_file(path, self._read_anew())
        self._edited(
            [section], self._outline.text, lambda text: ini_edit.with_sections(text, {section: {"manager": MANAGER}})
        )
        self._reserved = shared_edit.reserve(path, self._unfinished())

    def restart_watch(self) -> None:
        """Watch anew who reads the file, after this process has read it."""
        if self._reserved is not None:
            self._reserved.readers.restart()

    def release(self) -> None:
        """Give back what `reserve` keeps."""
        self._outline = None
        reserved, self._reserved = self._reserved, None
        if reserved is not None:
            reserved.close()

    def save(self, section: str, session: Session) -> None:
        """Keep a session: reread the file, change one section, replace it. Raises ConfigurationError, StoreError."""
        self.save_all({section: session})

    def save_all(self, sessions: "Mapping[str, Session]") -> None:
        """Keep several sessions by their sections, all in one step or none. Raises ConfigurationError, StoreError."""
        from mfasession.awsfiles import ini_edit

        values = {section: _keys(session) for section, session in sessions.items()}
        self._edit(list(values), lambda text: ini_edit.with_sections(text, values))

    def forget(self, section: str) -> bool:
        """Remove a session; return whether there was one. A section that is not ours is left alone."""
        from mfasession.awsfiles import ini_edit
        from mfasession.files import shared_edit

        self._files.end_unfinished()
        self._files.reread()
        if not is_managed(self._files.credentials(section)):
            return False
        linked = self._edit([section], lambda text: ini_edit.without_section(text, section))
        shared_edit.say_linked(self._files.credentials_path, linked)
        return True

    def sections(self) -> list[str]:
        """Return the names of our sections, in file order."""
        return self._files.managed_sections()

    def left(self) -> list[str]:
        """Return nothing: what cannot be removed from the file is still listed."""
        return []

    def _edit(self, sections: list[str], change: "Callable[[Outline], str]") -> int:
        from mfasession.files import locks, paths, shared_edit

        path = self._files.credentials_path
        with locks.hold(paths.lock_file(self._environ, "file", os.path.realpath(path))):
            try:
                return shared_edit.edit(
                    path,
                    self._read_anew,
                    lambda text: self._edited(sections, text, change),
                    self._unfinished(),
                    reserved=self._reserved,
                )
            finally:
                self._files.reread()

    def _unfinished(self) -> str:
        from mfasession.files import paths

        return paths.unfinished_file(self._environ, os.path.realpath(self._files.credentials_path))

    def _read_anew(self) -> str:
        self._files.reread()
        return self._files.credentials_text(-1 if self._reserved is None else self._reserved.descriptor)

    def _edited(self, sections: list[str], text: str, change: "Callable[[Outline], str]") -> str:
        from mfasession.awsfiles import ini, outline

        path, known = self._files.credentials_path, self._outline
        # The whole file is checked, not the section alone: what botocore would refuse is not ours to build on.
        found = known if known is not None and known.text == text else outline.of_file(path, text)
        for section, keys in found.keys(sections).items():
            self._refuse_foreign(section, keys)
        try:
            return change(found)
        except ini.MalformedIni as fault:
            raise ini.malformed(path, fault) from None
        except ValueError:
            # No context: an editor that says which value it cannot write might say the value.
            raise StoreError(
                f"a session cannot be written to section [{sections[0]}]", "choose another session_profile"
            ) from None

    def _refuse_foreign(self, section: str, keys: "Mapping[str, str]") -> None:
        if not is_managed(keys):
            raise ConfigurationError(
                f"section [{section}] of {self._files.credentials_path} is not ours: it has no manager = {MANAGER}",
                "keep the session elsewhere (session_profile in config.toml), or remove that section",
            )


STORE = CredentialsFileStore


def _session(keys: "Mapping[str, str]") -> "Session | None":
    needed = ("aws_access_key_id", "aws_secret_access_key", "aws_session_token", "mfasession_key_id")
    if not all(keys.get(name) for name in needed):
        return None
    try:
        expires = timestamps.parse(keys.get(EXPIRES, ""))
        issued = timestamps.parse(keys["mfasession_issued"]) if "mfasession_issued" in keys else 0
    except ValueError:
        # The time was edited: without it the session's end is not known.
        return None
    session = Session(
        access_key_id=keys["aws_access_key_id"],
        secret_access_key=Secret(keys["aws_secret_access_key"]),
        session_token=Secret(keys["aws_session_token"]),
        expires=expires,
        issued=issued,
        key_id=keys["mfasession_key_id"],
        mfa_serial=keys.get("mfasession_mfa_serial", ""),
        instead_of=keys.get("mfasession_instead_of", ""),
        role_arn=keys.get("mfasession_role_arn", ""),
        role_options=keys.get("mfasession_role_options", ""),
        identity=keys.get("mfasession_identity", ""),
        region=keys.get("region", ""),
    )
    return session if is_whole(session) else None


def _keys(session: Session) -> "dict[str, str | None]":
    from mfasession.config.endpoints import SETTINGS

    return {
        "manager": MANAGER,
        "aws_access_key_id": session.access_key_id,
        "aws_secret_access_key": session.secret_access_key.reveal(),
        "aws_session_token": session.session_token.reveal(),
        # botocore takes this older spelling before aws_session_token: it must never linger.
        "aws_security_token": None,
        "region": session.region or None,
        EXPIRES: timestamps.show(session.expires),
        "mfasession_key_id": session.key_id,
        "mfasession_mfa_serial": session.mfa_serial or None,
        "mfasession_instead_of": session.instead_of or None,
        "mfasession_role_arn": session.role_arn or None,
        "mfasession_role_options": session.role_options or None,
        "mfasession_identity": session.identity or None,
        "mfasession_issued": timestamps.show(session.issued) if session.issued else None,
        **dict.fromkeys(SETTINGS),
        **dict(session.settings),
    }
