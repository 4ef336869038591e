"""The settings that the actions of `mfasession config` read and change: their keys, values and where these are from."""

import os
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from mfasession import files, hints
from mfasession.config import ProfileSettings, schema, text_edit
from mfasession.errors import UsageError
from mfasession.files import toml
from mfasession.redaction import redacted
from mfasession.values import Value, held_profile

if TYPE_CHECKING:
    from mfasession.commands.config import ConfigContext

DEFAULT, FILE, VARIABLE = "default", "file", "variable"
"""Where a value comes from."""
_PROFILES = "profiles"
_EXAMPLES = {
    "default_profile": "work",
    "store": "keyring",
    "keys_in": "encrypted-file",
    "duration": "8h",
    "code": "pinentry",
    "refresh_margin": "15m",
    "browser": '{ command = ["firefox", "-P", "work"] }',
    "allow_http_endpoint": "http://localstack:4566",
    "mfa_serial": "arn:aws:iam::123456789012:mfa/phone",
    "source": "work-long-term",
    "session_profile": "work",
}
"""A value of each key, for a hint."""
_OPENS = {"code": "{", "browser": "{", "allow_http_endpoint": "["}
"""What a value of these keys begins with where it is written as TOML, not as a word."""


class Setting(Value):
    """One setting. `value` is as TOML has it: a text, a number, a list or a table; None when it is not set."""

    path: text_edit.Path
    value: Any = None
    source: str = DEFAULT
    """One of DEFAULT, FILE and VARIABLE."""
    line: int = 0
    """In the file, from 1."""
    variable: str = ""

    @property
    def name(self) -> str:
        """The key with its tables, as in `profiles.work.store`; `get` and `set` take it."""
        return ".".join(self.path)

    @property
    def text(self) -> str:
        """The value as `set` takes it, and without what looks like a secret; empty when it is not set."""
        if self.value is None:
            return ""
        return redacted(self.value if isinstance(self.value, str) else text_edit.literal(self.value))

    @property
    def origin(self) -> str:
        """Where the value comes from, for people."""
        return f"config.toml:{self.line}" if self.source == FILE else self.variable or self.source


def path_of(key: str, context: "ConfigContext") -> text_edit.Path:
    """Return the path of a key as a user names it, for the profile of -p. Raises UsageError: an unknown key."""
    profile, name = context.options.profile, key
    if key.startswith(f"{_PROFILES}.") and key.count(".") > 1:
        named, _, name = key.removeprefix(f"{_PROFILES}.").rpartition(".")
        if profile not in ("", named):
            raise UsageError(f"{redacted(key)} is a setting of profile {named}, and -p names {profile}", "name one")
        profile = named
    known = schema.keys(of_profile=bool(profile))
    if name not in known:
        raise schema.unknown(name, of_profile=bool(profile))
    return (_PROFILES, profile, name) if profile else (name,)


def value_of(path: text_edit.Path, text: str) -> Any:
    """Return the value that a text on the command line means. Raises UsageError when the key cannot have it."""
    key = path[-1]
    try:
        value = _parsed(text) if text[:1] == _OPENS.get(key) else text
        schema.check(key, value, of_profile=len(path) > 1)
    except ValueError as error:
        example = hints.command_line("config", "set", key, _EXAMPLES[key], profile=path[1] if len(path) > 1 else "")
        raise UsageError(f"{key}: {redacted(str(error))}", f"as in: {example}") from None
    return value


def _parsed(text: str) -> Any:
    tree = toml.read(f"value = {text}")
    if list(tree) != ["value"]:
        raise ValueError("must be one value")
    return tree["value"]


def read(context: "ConfigContext") -> list[Setting]:
    """Return the settings of the file in its order. Raises ConfigurationError as `config.load` does."""
    path = files.config_file(context.environ)
    text = files.read_trusted(path) or ""
    schema.read(path, text)
    tree = toml.read(text)
    lines = {each.path: each.line for each in text_edit.statements(text)}
    own = {key: value for key, value in tree.items() if key != _PROFILES}
    found = [_of_file((key,), value, lines) for key, value in own.items()]
    for name, table in tree.get(_PROFILES, {}).items():
        found += [_of_file((_PROFILES, name, key), value, lines) for key, value in table.items()]
    return found


def in_force(context: "ConfigContext", found: Sequence[Setting], profile: str) -> list[Setting]:
    """Return the settings that count for a profile, or for all when it is empty: variables, the file, the defaults."""
    by_path = {each.path: each for each in found}
    return [_in_force(key, profile, by_path, context.environ) for key in schema.keys(of_profile=bool(profile))]


def _in_force(key: str, profile: str, found: Mapping[text_edit.Path, Setting], environ: Mapping[str, str]) -> Setting:
    own = (_PROFILES, profile, key)
    if variable := _variable(key, environ):
        return Setting(path=(key,), value=environ[variable], source=VARIABLE, variable=variable)
    if profile and own in found:
        return found[own]
    return found.get((key,)) or Setting(path=(key,), value=_default(key))


def _variable(key: str, environ: Mapping[str, str]) -> str:
    """Return the variable that wins over the file, in the order of `profiles.chosen`; empty when none is set."""
    if key == "duration":
        return "MFASESSION_DURATION" if environ.get("MFASESSION_DURATION") else ""
    if key != "default_profile":
        return ""
    own = environ.get("MFASESSION_PROFILE", "")
    set_by_user = ["MFASESSION_PROFILE"] if own and own != held_profile(environ) else []
    order = (*set_by_user, "AWS_PROFILE", "AWS_DEFAULT_PROFILE", "MFASESSION_PROFILE")
    return next((name for name in order if environ.get(name)), "")


def _of_file(path: text_edit.Path, value: Any, lines: Mapping[text_edit.Path, int]) -> Setting:
    # Inside an inline table, a key has the line of the table.
    places = (path[:length] for length in range(len(path), 0, -1))
    line = next((lines[place] for place in places if place in lines), 0)
    return Setting(path=path, value=value, source=FILE, line=line)


def _default(key: str) -> Any:
    value: object = getattr(ProfileSettings, key, "default" if key == "default_profile" else "")
    if isinstance(value, int):
        return f"{value // 3600}h" if value % 3600 == 0 else f"{value // 60}m"
    return value or None


def file_of(context: "ConfigContext") -> str:
    """Return the absolute path of the file, which need not be there."""
    return os.path.abspath(files.config_file(context.environ))


def complete_key(given: Sequence[str]) -> Sequence[str]:
    """Return the keys, where one may stand: `given` are the arguments before."""
    return () if given else tuple(dict.fromkeys(schema.keys(of_profile=False) + schema.keys(of_profile=True)))
