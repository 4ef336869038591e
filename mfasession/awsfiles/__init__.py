"""Finds the AWS configuration and credentials files, and reads one section or profile of them.

Rules: AWS SDKs and Tools Reference Guide, "Shared config and credentials files". On the path of every command.

Plain texts, as the AWS CLI and we write them, are read here: a section is searched for, whatever the size of the file.
`ini` has the whole grammar and every fault; it reads all other texts, and a test holds the two to one answer.
"""

import os

from mfasession import files
from mfasession.errors import ConfigurationError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from mfasession.awsfiles.large import LargeFile

    Sections = dict[str, dict[str, str]]

MANAGER = "mfasession"
"""The value of `manager` in a section that we manage."""
SUFFIX = "-mfa"
"""What the name of a profile's section for its session has at its end, unless `session_profile` names another."""
LARGE = 512 * 1024
"""The size in bytes from which on a credentials file is searched on the disk."""
MANY = 16
"""Sections of a file that are searched for one by one; from then on it is read as a whole."""
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
        self._parsed: dict[str, Sections] = {}
        """All sections of a file, by its path, once a caller has wanted them all."""
        self._profiles: Sections | None = None
        self._managed: list[str] | None = None
        self._are_plain: bool | None = None
        self._large: LargeFile | None = None

    def reread(self) -> None:
        """Forget what was read: the next call reads the disk."""
        self._texts.clear()
        self._sections.clear()
        self._parsed.clear()
        self._profiles = self._managed = None
        self._are_plain = None
        self._large = None
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
        from mfasession.files import paths

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
            return self._in_credentials(section)
        except ConfigurationError:
            if not self.end_unfinished():
                raise
        return self._in_credentials(section)

    def _in_credentials(self, section: str) -> "Mapping[str, str] | None":
        path = self.credentials_path
        if path not in self._texts and (path, section) not in self._sections and _is_large(path):
            from mfasession.awsfiles import large

            self._large = self._large or large.LargeFile(path)
            is_plain, keys = self._large.section(section)
            if is_plain:
                self._sections[path, section] = keys
        if path not in self._texts and (path, section) in self._sections:
            return self._sections[path, section]
        return self._section(path, self.credentials_text(), section)

    def credentials_text(self, descriptor: int = -1) -> str:
        """Return the credentials file's text, empty when it is missing. Raises ConfigurationError.

        With the descriptor of the file, at its beginning, it is not opened again.
        """
        if self.credentials_path not in self._texts:
            self._texts[self.credentials_path] = files.read_private(self.credentials_path, descriptor) or ""
        return self._texts[self.credentials_path]

    def managed_sections(self) -> list[str]:
        """Return the sections of the credentials file that hold sessions of ours, in its order."""
        if self._managed is None:
            path, text = self.credentials_path, self.credentials_text()
            found = _plain_managed(text) if path not in self._parsed else None
            if found is None:
                self._managed = [name for name, keys in self._parse(path, text).items() if is_managed(keys)]
            else:
                self._sections.update({(path, name): keys for name, keys in found.items()})
                self._managed = list(found)
        return list(self._managed)

    def config(self, profile: str) -> "Mapping[str, str] | None":
        """Return a profile's section of the configuration file. Raises ConfigurationError."""
        text = self.config_text()
        if self._profiles is None and self.config_path not in self._parsed and self._is_named_plainly(text, profile):
            return self._section(self.config_path, text, profile if profile == "default" else f"profile {profile}")
        return self._configured().get(profile)

    def _is_named_plainly(self, text: str, profile: str) -> bool:
        """Whether at most the usual header names a profile, so that its section alone need be read."""
        if profile and not any(char in profile for char in " \t") and not any(char in text for char in "'\"\\"):
            return _is_spelled_once(text, profile)
        if self._are_plain is None:
            self._are_plain = _are_plain(text)
        return self._are_plain and not (profile == "default" and "[profile default]" in text)

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

    def name_endpoints(self, names: "Iterable[str]") -> bool:
        """Return whether one of these profiles may have an endpoint setting; most have none."""
        try:
            keys = " ".join([key for name in names for key in self.profile(name) or ()])
        except ConfigurationError:
            # The default profile's section may have a fault that does not keep another one from being used.
            keys = (self.config_text() + self.credentials_text()).lower()
        return "endpoint" in keys or "ca_bundle" in keys or "services" in keys

    def profile_names(self) -> list[str]:
        """Return the names of all profiles of both files, in file order."""
        names = self._configured() | self._parse(self.credentials_path, self.credentials_text())
        return list(names)

    def misplaced(self, name: str) -> tuple[str, str, str] | None:
        """Return path, header and correct header of a section with a wrong header for this profile.

        Only in the configuration file do section names begin with `profile `.
        """
        if f"profile {name}" in self._parse(self.credentials_path, self.credentials_text()):
            return self.credentials_path, f"profile {name}", name
        if name != "default" and name in self._parse(self.config_path, self.config_text()):
            return self.config_path, name, f"profile {name}"
        return None

    def _section(self, path: str, text: str, name: str) -> "Mapping[str, str] | None":
        if path in self._parsed:
            return self._parsed[path].get(name)
        if (path, name) not in self._sections:
            self._sections[path, name] = read_section(path, text, name)
            if len(self._sections) % MANY == 0 and (sections := plain_sections(text)) is not None:
                self._parsed[path] = sections
        return self._sections[path, name]

    def _configured(self) -> "Sections":
        if self._profiles is None:
            from mfasession.awsfiles import headers

            self._profiles = headers.profiles(self._parse(self.config_path, self.config_text()))
        return self._profiles

    def _parse(self, path: str, text: str) -> "Sections":
        if path not in self._parsed:
            self._parsed[path] = parse(path, text)
        return self._parsed[path]


def read_section(path: str, text: str, name: str) -> "Mapping[str, str] | None":
    """Return one section's keys. Raises ConfigurationError when the file is malformed."""
    is_plain, keys = plain_section(text, name)
    if is_plain:
        return keys
    from mfasession.awsfiles import ini

    try:
        return ini.read_section(text, name)
    except ini.MalformedIni as fault:
        raise ini.malformed(path, fault) from None


def parse(path: str, text: str) -> "Sections":
    """Return all sections. Raises ConfigurationError when the file is malformed."""
    sections = plain_sections(text)
    if sections is not None:
        return sections
    from mfasession.awsfiles import ini

    try:
        return ini.parse(text)
    except ini.MalformedIni as fault:
        raise ini.malformed(path, fault) from None


def plain_section(text: str, name: str) -> "tuple[bool, dict[str, str] | None]":
    """Return whether a text is plain as far as it matters for a section, and then what `ini.read_section` returns."""
    mark = f"[{name}]"
    # `rfind`: on megabytes it takes a third of the time of `find`.
    begin = text.rfind(mark)
    end = begin + len(mark)
    if not name or "\n" in name or "\r" in name or not is_plain(text) or text.rfind(mark, 0, end - 1) >= 0:
        return False, None
    if begin < 0:
        return True, None
    stop = text.find("\n[", end)
    last = text.find("\n", stop + 1)
    stop, last = stop if stop >= 0 else len(text), last if last >= 0 else len(text)
    is_header = text[begin - 1 : begin] in ("\n", "") and text[end : end + 1] in ("\n", "")
    if not is_header or "\r" in text[end:last] or (stop < last and text.rfind("]", stop, last) < stop + 3):
        return False, None
    keys = plain_keys(text[end + 1 : stop].split("\n"), {})
    return keys is not None, keys


def plain_sections(text: str) -> "Sections | None":
    """Return what `ini.parse` returns for a plain text; None when it is not plain, or malformed."""
    before, *blocks = f"\n{text}".split("\n[")
    if not is_plain(text) or "\r" in text or any(line[0] not in "#;" for line in before.split("\n") if line):
        return None
    sections: Sections = {}
    names: dict[str, str] = {}
    for block in blocks:
        header, *lines = block.split("\n")
        closing = header.rfind("]")
        name, keys = header[:closing], plain_keys(lines, names)
        if closing < 1 or name in sections or keys is None:
            return None
        sections[name] = keys
    return sections


def is_plain(text: str) -> bool:
    """Return whether no part of a text has a meaning for all of its sections, and it has no byte of another format."""
    return text[:1] != "\ufeff" and "\0" not in text and text.rfind("[DEFAULT]") < 0


def plain_keys(lines: list[str], names: dict[str, str]) -> "dict[str, str] | None":
    """Return the keys of lines that begin with a key, `#` or `;`, or are empty; None for any other line.

    `names` are the names of keys as they are written, found so far: thousands of sections have the same few.
    """
    keys: dict[str, str] = {}
    for line in lines:
        written, delimiter, value = line.partition("=")
        name = names.get(written, "") if delimiter else ""
        if not name:
            if not line or line[0] in "#;":
                continue
            if ":" in written:
                written, delimiter, value = line.partition(":")
            # Not ASCII, white space or a control character: it may be indented.
            if not delimiter or not written or not " " < line[0] < "\x7f":
                return None
            name = written.rstrip().lower()
            if delimiter == "=":
                names[written] = name
        if name in keys:
            return None
        keys[name] = value.strip()
    return keys


def _plain_managed(text: str) -> "Sections | None":
    from mfasession.awsfiles import managed

    return managed.sections(text)


def _are_plain(text: str) -> bool:
    """Whether all headers are `[profile NAME]` without quotes and extra spaces, so that only one can name a profile.

    Any other spelling (`[profile "x"]`, `[profile  x]`, `[profile default]`) may name the same profile, and the last
    one wins.
    """
    lines = (behind.partition("\n")[0].rstrip() for behind in text.split("[profile")[1:])
    return all(
        line[:1] == " " and line[-1:] == "]" and not any(char in line[1:] for char in " \t'\"\\") for line in lines
    )


def _is_spelled_once(text: str, profile: str) -> bool:
    """Whether no header of a text without quotes names a profile otherwise than as `[profile NAME]` or `[default]`."""
    for end in "] \t":
        word = profile + end
        at = text.rfind(word)
        while at >= 0:
            line = text[text.rfind("\n", 0, at) + 1 : at]
            _, header, between = line.rpartition("[profile")
            if header and line[-1] in " \t" and (between != " " or end != "]" or profile == "default"):
                return False
            at = text.rfind(word, 0, at + len(profile))
    return True


def _is_large(path: str) -> bool:
    try:
        return os.stat(path).st_size >= LARGE
    except OSError:
        return False


def _path(environ: "Mapping[str, str]", variable: str, default: str) -> str:
    named = environ.get(variable) or default
    if COPY_MARK in named:
        named = environ.get(f"MFASESSION_{variable}") or named
    path = os.path.expanduser(os.path.expandvars(named))
    if path.startswith("~/"):
        # Raises when the user has no home folder.
        files.home(environ)
    return path
