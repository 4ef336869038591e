"""Finds the AWS configuration and credentials files, and reads one section or profile of them.

Rules: AWS SDKs and Tools Reference Guide, "Shared config and credentials files". On the path of every command.
"""

import os

from mfasession import files
from mfasession.awsfiles import ini
from mfasession.errors import ConfigurationError
from mfasession.files import paths

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping


MANAGER = "mfasession"
"""The value of `manager` in a section that we manage."""
COPY_MARK = "/mfasession/served-"
"""A part of the path of the files without credentials that `exec --server` and `serve` give programs. mfasession inside
such a program reads the user's own files, from MFASESSION_AWS_CONFIG_FILE and
MFASESSION_AWS_SHARED_CREDENTIALS_FILE."""


def is_managed(section: "Mapping[str, str] | None") -> bool:
    """Return whether a section of the credentials file is managed by us."""
    return section is not None and section.get("manager") == MANAGER


class AwsFiles:
    """Both files. Each file and each section is read once until `reread`."""

    def __init__(self, environ: "Mapping[str, str]") -> None:
        self.config_path = _path(environ, "AWS_CONFIG_FILE", "~/.aws/config")
        self.credentials_path = _path(environ, "AWS_SHARED_CREDENTIALS_FILE", "~/.aws/credentials")
        self._environ = environ
        self._texts: dict[str, str] = {}
        self._sections: dict[tuple[str, str], Mapping[str, str] | None] = {}
        self._are_plain: bool | None = None

    def reread(self) -> None:
        """Forget what was read: the next call reads the disk."""
        self._texts.clear()
        self._sections.clear()
        self._are_plain = None
        files.forget_folders()

    def read_unsafe(self) -> None:
        """Read both files though others may read or change them, to report what is in them and for nothing else.

        A file that cannot be read stays unread: whoever asks for it gets the error.
        """
        for path in (self.config_path, self.credentials_path):
            try:
                self._texts[path] = files.read_text(path) or ""
            except ConfigurationError:
                continue

    def end_unfinished(self) -> bool:
        """Finish an interrupted in-place change of the credentials file; return whether there was one.

        Raises ConfigurationError, StoreError.
        """
        target = os.path.realpath(self.credentials_path)
        unfinished = paths.unfinished_file(self._environ, target)
        if not os.path.exists(unfinished):
            return False
        from mfasession.files import in_place, locks

        with locks.hold(paths.lock_file(self._environ, "file", target)):
            is_ended = in_place.finish(self.credentials_path, unfinished)
        self.reread()
        return is_ended

    def credentials(self, section: str) -> "Mapping[str, str] | None":
        """Return one section of the credentials file. Raises ConfigurationError (unsafe, unreadable, malformed)."""
        try:
            return self._section(self.credentials_path, self.credentials_text(), section)
        except ConfigurationError:
            if not self.end_unfinished():
                raise
        return self._section(self.credentials_path, self.credentials_text(), section)

    def credentials_text(self, descriptor: int = -1) -> str:
        """Return the credentials file's text, empty when there is none. Raises ConfigurationError.

        With the descriptor of the file, at its beginning, it is not opened again.
        """
        if self.credentials_path not in self._texts:
            self._texts[self.credentials_path] = files.read_private(self.credentials_path, descriptor) or ""
        return self._texts[self.credentials_path]

    def managed_sections(self) -> list[str]:
        """Return the sections of the credentials file that hold sessions of ours, in its order."""
        sections = parse(self.credentials_path, self.credentials_text())
        return [name for name, keys in sections.items() if is_managed(keys)]

    def config(self, profile: str) -> "Mapping[str, str] | None":
        """Return a profile's section of the configuration file. Raises ConfigurationError."""
        text = self.config_text()
        if self._are_plain is None:
            self._are_plain = _are_plain(text)
        if self._are_plain and not (profile == "default" and "[profile default]" in text):
            return self._section(self.config_path, text, profile if profile == "default" else f"profile {profile}")
        return self._configured().get(profile)

    def config_text(self) -> str:
        """Return the configuration file's text, empty when there is none. Raises ConfigurationError."""
        if self.config_path not in self._texts:
            self._texts[self.config_path] = files.read_trusted(self.config_path) or ""
        return self._texts[self.config_path]

    def profile(self, name: str) -> "Mapping[str, str] | None":
        """Return a profile's merged keys; the credentials file's win, as in botocore. None when in neither file."""
        configured, credentials = self.config(name), self.credentials(name)
        if configured is None or credentials is None:
            return configured if credentials is None else credentials
        return {**configured, **credentials}

    def name_endpoints(self) -> bool:
        """Return whether any profile may have an endpoint setting; most files have none."""
        text = (self.config_text() + self.credentials_text()).lower()
        return "endpoint" in text or "ca_bundle" in text

    def profile_names(self) -> list[str]:
        """Return the names of all profiles of both files, in file order."""
        names = self._configured() | parse(self.credentials_path, self.credentials_text())
        return list(names)

    def misplaced(self, name: str) -> tuple[str, str, str] | None:
        """Return path, header and correct header of a section with a wrong header for this profile.

        Only in the configuration file do section names begin with `profile `.
        """
        if f"profile {name}" in parse(self.credentials_path, self.credentials_text()):
            return self.credentials_path, f"profile {name}", name
        if name != "default" and name in parse(self.config_path, self.config_text()):
            return self.config_path, name, f"profile {name}"
        return None

    def _section(self, path: str, text: str, name: str) -> "Mapping[str, str] | None":
        if (path, name) not in self._sections:
            self._sections[path, name] = read_section(path, text, name)
        return self._sections[path, name]

    def _configured(self) -> dict[str, dict[str, str]]:
        from mfasession.awsfiles import headers

        return headers.profiles(parse(self.config_path, self.config_text()))


def read_section(path: str, text: str, name: str) -> "Mapping[str, str] | None":
    """Return one section's keys. Raises ConfigurationError when the file is malformed."""
    try:
        return ini.read_section(text, name)
    except ini.MalformedIni as fault:
        raise malformed(path, fault) from None


def parse(path: str, text: str) -> dict[str, dict[str, str]]:
    """Return all sections. Raises ConfigurationError when the file is malformed."""
    try:
        return ini.parse(text)
    except ini.MalformedIni as fault:
        raise malformed(path, fault) from None


def malformed(path: str, fault: ini.MalformedIni) -> ConfigurationError:
    """Return the error with place and reason, never with the line's content."""
    hint = f"fix line {fault.line}"
    if fault.reason not in (ini.NUL, ini.CROWDED):
        hint += ": botocore and the AWS CLI refuse the file as it is"
    if ini.TWICE in fault.reason:
        # The SDKs for Java, Rust, Go and JavaScript (their shared profile-parser test vectors).
        hint += ", though some SDKs merge the two"
    return ConfigurationError(f"{path}, line {fault.line}: {fault.reason}", hint)


def _are_plain(text: str) -> bool:
    """Whether all headers are `[profile NAME]` without quotes and extra spaces, so that only one can name a profile.

    Any other spelling (`[profile "x"]`, `[profile  x]`, `[profile default]`) may name the same profile, and the last
    one wins.
    """
    lines = (behind.partition("\n")[0].rstrip() for behind in text.split("[profile")[1:])
    return all(
        line[:1] == " " and line[-1:] == "]" and not any(char in " \t'\"\\" for char in line[1:]) for line in lines
    )


def _path(environ: "Mapping[str, str]", variable: str, default: str) -> str:
    named = environ.get(variable) or default
    if COPY_MARK in named:
        named = environ.get(f"MFASESSION_{variable}") or named
    path = os.path.expanduser(os.path.expandvars(named))
    if path.startswith("~/"):
        # Raises when the user has no home folder.
        paths.home(environ)
    return path
