"""What `init` finds, proposes and does: the key to the keyring, the AWS configuration, the shell's start-up file."""

from collections.abc import Mapping
from shlex import quote
from typing import TYPE_CHECKING

from mfasession import profiles
from mfasession.awsfiles import headers, ini, ini_edit, malformed, parse
from mfasession.errors import ConfigurationError
from mfasession.keys import locate, protect
from mfasession.setup import shell_hook
from mfasession.setup.file_change import FileChange
from mfasession.stores.keyrings.backend import KeyringAbsent
from mfasession.stores.keys import KeyInFile, KeyInKeyring
from mfasession.values import Secret, Value

if TYPE_CHECKING:
    from mfasession.errors import MfaSessionError
    from mfasession.keys.locate import Held
    from mfasession.profiles import Profile
    from mfasession.sessions import Context


class Wish(Value):
    """What the user wants, where it is not the usual."""

    store: str = ""
    """Where the key is kept, as in `keys add --store`; empty for the keyring where there is one."""
    region: str = ""
    """The profile's region; empty to leave it as it is."""
    shell: str = ""
    """The shell whose start-up file gets the hook, or `none`; empty for that of $SHELL."""
    program: str = ""
    """The absolute path of this program, for `credential_process`."""


class Plan(Value):
    """What will be changed for one profile."""

    changes: tuple[FileChange, ...] = ()
    """Files that are changed as shown, in this order."""
    removals: tuple[FileChange, ...] = ()
    """Files that lose the key, once the keyring has it."""
    key: "Held"
    """The key in use."""
    is_served: bool = False
    """Whether SDKs find the session by themselves afterwards."""
    notes: tuple[str, ...] = ()
    """What stays as it is, and why."""

    def diff(self) -> list[str]:
        """Return the lines of the diffs of all files, without secrets."""
        return [line for change in (*self.changes, *self.removals) for line in change.diff()]


def key_of(context: "Context", name: str) -> "Held | None":
    """Return a profile's key from its place in use; None when it has none. Raises ConfigurationError, StoreError."""
    in_file = locate.held(name, locate.in_files(context, name))
    if in_file:
        return in_file[0]
    ring = KeyInKeyring(name, context.environ)
    try:
        return next(iter(locate.held(name, [ring] if ring.key() is not None else [])), None)
    except KeyringAbsent:
        return None


def store_for_key(context: "Context", name: str, store: str) -> str:
    """Return where a key can be kept: as wanted, else the keyring where there is one, else the file.

    Raises StoreError when the keyring cannot be used though it is there, or was wanted.
    """
    if store == KeyInFile.name:
        return store
    try:
        KeyInKeyring(name, context.environ).check()
    except KeyringAbsent:
        if store:
            raise
        return KeyInFile.name
    return KeyInKeyring.name


def plan(context: "Context", profile: "Profile", key: "Held", wish: Wish) -> Plan:
    """Return what will be changed. Raises what the changes would raise, as far as that is known now."""
    stays, notes = _stays(context, profile, key, wish.store)
    keys = context.aws_files.profile(profile.name) or {}
    settings = {"region": wish.region} if wish.region not in ("", keys.get("region")) else {}
    is_served = _is_served(context, profile)
    hindrance = "" if is_served else _hindrance(context, profile, key)
    if hindrance:
        notes.append(hindrance)
    elif not is_served and not (stays and key.profile == profile.name):
        is_served = True
        settings["credential_process"] = f"{quote(wish.program)} process -p {quote(profile.name)}"
    in_aws = [_in_config(context, profile.name, settings)] if settings else []
    hook = shell_hook.change(context.environ, wish.shell)
    changes = (*in_aws, *([hook] if hook else []))
    removals = () if stays else _removals(context, profile.key_section, in_aws)
    for change in changes:
        change.check(context.environ)
    served = is_served and not (stays and key.profile == profile.name)
    return Plan(changes=changes, removals=removals, key=key, is_served=served, notes=tuple(notes))


def _stays(context: "Context", profile: "Profile", key: "Held", store: str) -> tuple[bool, list[str]]:
    """Whether the key stays in plain text, and what has to be said about it. Raises StoreError."""
    if not key.place.is_plain_text:
        return False, []
    if profile.key_section != profile.name:
        # Another tool may read that section, too.
        line = context.command_line("keys", "protect")
        return True, [f"the key stays in plain text in [{profile.key_section}]; to move it to the keyring: {line}"]
    if store_for_key(context, profile.key_section, store) == KeyInFile.name:
        where = f"the key stays in plain text in {key.place.where}"
        return True, [where if store else f"no keyring is there: {where}"]
    return False, []


def _hindrance(context: "Context", profile: "Profile", key: "Held") -> str:
    """Why AWS tools cannot be made to ask us for the profile's session; empty when they can, or take the key itself."""
    path, name = context.aws_files.credentials_path, profile.name
    if other := (context.aws_files.profile(name) or {}).get("credential_process", ""):
        return f"profile {name} keeps its credential_process, which runs another program: {other.split()[0]}"
    if key.profile != name and "aws_access_key_id" in (context.aws_files.credentials(name) or {}):
        return f"AWS tools take the credentials in [{name}] of {path} first: delete them, then run this again"
    return ""


def carry_out(context: "Context", profile: "Profile", planned: Plan) -> "tuple[MfaSessionError, ...]":
    """Make the changes; return failures that did not stop them. Run again, it continues where it stopped.

    Raises ConfigurationError and StoreError; each file is then as it was, or as it was shown.
    """
    # The key moves last: until then, AWS tools take it from the file.
    for change in planned.changes:
        change.make(context.environ)
    context.aws_files.reread()
    return protect.protect(context, profile).failures if planned.removals else ()


def roles_of(context: "Context", name: str) -> "tuple[list[str], list[str]]":
    """Return the profiles with a role that this profile's session assumes, and those of them with an `mfa_serial`."""
    found = {each: context.aws_files.config(each) or {} for each in context.aws_files.profile_names()}
    roles = {each: keys for each, keys in found.items() if "role_arn" in keys and keys.get("source_profile") == name}
    return list(roles), [each for each, keys in roles.items() if "mfa_serial" in keys]


def others_with_keys(context: "Context", name: str) -> list[str]:
    """Return the other profiles that have a long-term key."""
    found, _ = locate.visible(context)
    return [each for each in dict.fromkeys(held.profile for held in found) if each != name]


def _is_served(context: "Context", profile: "Profile") -> bool:
    configured = parse(context.aws_files.config_path, context.aws_files.config_text())
    return any(profiles.served_by(keys) == profile.name for keys in configured.values())


def _in_config(context: "Context", name: str, settings: Mapping[str, str]) -> FileChange:
    """The change of the AWS configuration file. Raises ConfigurationError."""
    path, text = context.aws_files.config_path, context.aws_files.config_text()
    header = headers.headers(parse(path, text)).get(name) or headers.written(name)
    try:
        after = ini_edit.set_section(text, header, settings)
    except ini.MalformedIni as fault:
        raise malformed(path, fault) from None
    except ValueError:
        raise ConfigurationError(
            f"profile {name} cannot be written to {path}", "choose a name and a region of letters, digits and dashes"
        ) from None
    return FileChange(path=path, before=Secret(text), after=Secret(after))


def _removals(context: "Context", name: str, earlier: list[FileChange]) -> tuple[FileChange, ...]:
    """The files that lose the key; `earlier` are changes that are made before. Raises ConfigurationError."""
    texts = {context.aws_files.credentials_path: context.aws_files.credentials_text()}
    texts[context.aws_files.config_path] = context.aws_files.config_text()
    texts |= {change.path: change.after.reveal() for change in earlier}
    found = []
    for held in locate.held(name, locate.in_files(context, name)):
        assert isinstance(held.place, KeyInFile)  # locate.in_files returns no other place
        held.place.check()
        before = texts[held.place.where]
        after = held.place.without_key(before)
        found.append(FileChange(path=held.place.where, before=Secret(before), after=Secret(after)))
    return tuple(found)
