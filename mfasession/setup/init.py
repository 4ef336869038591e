"""What `init` proposes and does: the key to the keyring, the AWS configuration, the shell's start-up file."""

from shlex import quote
from typing import TYPE_CHECKING

from mfasession import files, profiles
from mfasession.config import edit
from mfasession.keys import locate, protect
from mfasession.setup import aws_changes, preview, shell_hook
from mfasession.setup.file_change import FileChange
from mfasession.setup.origin import Origin, addition_of, place_for_key
from mfasession.stores.keys import IN_FILES
from mfasession.stores.keys.file import KeyInFile
from mfasession.values import Secret, Value

if TYPE_CHECKING:
    from mfasession.errors import MfaSessionError
    from mfasession.sessions import Context


class Wish(Value):
    """What the user wants, where it is not the usual."""

    keys_in: str = ""
    """Where the key is kept, as in `keys add --store`; empty for the setting, else the keyring where there is one."""
    store: str = ""
    """Where sessions are kept; empty to leave it as it is."""
    region: str = ""
    """The profile's region; empty to leave it as it is."""
    shell: str = ""
    """The shell whose start-up file gets the hook, or `none`; empty for that of $SHELL."""
    program: str = ""
    """The absolute path of this program, for `credential_process`."""


class Plan(Value):
    """What will be changed for one profile."""

    origin: Origin
    changes: tuple[FileChange, ...] = ()
    """Files that are changed as shown, in this order."""
    removals: tuple[FileChange, ...] = ()
    """Files that lose the key, once it is in its new place."""
    protected_in: str = ""
    """That place, in words."""
    keys_in: str = ""
    """As in `Wish`, for a key that has yet to be stored."""
    is_served: bool = False
    """Whether SDKs find the session by themselves afterwards."""
    notes: tuple[str, ...] = ()
    """What stays as it is, and why."""

    @property
    def shown(self) -> tuple[FileChange, ...]:
        """The changes of all files, one a file."""
        return preview.merged((*self.changes, *self.origin.shown, *self.removals))

    @property
    def key_place(self) -> str:
        """Where the key will be, in words."""
        return self.protected_in if self.removals else self.origin.key.place.where

    @property
    def moves_key(self) -> bool:
        """Whether a key goes to another place."""
        return self.origin.is_new or bool(self.removals)


def plan(origin: Origin, wish: Wish) -> Plan:
    """Return what will be changed. Raises what the changes would raise, as far as that is known now."""
    context, profile, key = origin.view, origin.profile, origin.key
    stays, notes = _stays(origin, wish.keys_in)
    takes_key_itself = stays and key.profile == profile.name
    is_served = aws_changes.is_served(context, profile)
    settings: dict[str, dict[str, str | None]] = {profile.name: {}}
    keys = context.aws_files.profile(profile.name) or {}
    if wish.region not in ("", keys.get("region")):
        settings[profile.name]["region"] = wish.region
    session = None if takes_key_itself else aws_changes.without_session_of_tool(context, profile.name)
    hindrance = "" if takes_key_itself or (is_served and session is None) else _hindrance(origin, session)
    if hindrance:
        notes.append(hindrance)
    elif not takes_key_itself:
        if not is_served:
            settings[profile.name]["credential_process"] = f"{quote(wish.program)} process -p {quote(profile.name)}"
        is_served = True
        for name, added in aws_changes.serials_to_source(context, profile).items():
            settings[name] = {**settings.get(name, {}), **added}
    wanted = {name: added for name, added in settings.items() if added}
    in_aws = [*([aws_changes.in_config(context, wanted)] if wanted else []), *([session] if session else [])]
    hook = shell_hook.change(context.environ, wish.shell)
    store = _in_store(origin, wish.store)
    changes = preview.merged((*origin.changes, *([store] if store else []), *in_aws, *([hook] if hook else [])))
    for change in changes:
        change.check(context.environ)
    return Plan(
        origin=origin,
        changes=changes,
        removals=() if stays or origin.is_new else _removals(context, profile.key_section, in_aws),
        protected_in=protect.hidden_place(context, profile.key_section, wish.keys_in).where,
        keys_in=wish.keys_in,
        is_served=is_served and not takes_key_itself,
        notes=tuple(notes),
    )


def carry_out(context: "Context", planned: Plan) -> "tuple[MfaSessionError, ...]":
    """Make the changes; return failures that did not stop them. Run again, it continues where it stopped.

    Raises ConfigurationError and StoreError; each file is then as it was, or as it was shown.
    """
    # The key moves last: until then, AWS tools take it from the file.
    for change in planned.changes:
        change.make(context.environ)
    context.aws_files.reread()
    origin = planned.origin
    if origin.is_new:
        name = context.request.profile or origin.key.profile
        return addition_of(context, name, planned.keys_in).keep(origin.key.record.key).failures
    return protect.protect(context, origin.profile, planned.keys_in).failures if planned.removals else ()


def _in_store(origin: Origin, store: str) -> FileChange | None:
    """The change of `config.toml` that makes a store the profile's. Raises ConfigurationError, StoreError."""
    context, profile = origin.view, origin.profile
    config, name = context.config, profile.name
    if store in ("", config.of(name).store):
        return None
    context.store(store).check(profile.session_section)
    # A setting for all is set for all by whoever names no profile.
    is_for_all = profiles.is_chosen_by_itself(name, context.environ, config) and name not in config.profiles
    path = files.config_file(context.environ)
    text = next((each.after.reveal() for each in origin.changes if each.path == path), None)
    before = files.read_trusted(path) or "" if text is None else text
    after = edit.with_value(path, before, ("store",) if is_for_all else ("profiles", name, "store"), store)
    return FileChange(path=path, before=Secret(before), after=Secret(after))


def _stays(origin: Origin, keys_in: str) -> tuple[bool, list[str]]:
    """Whether the key stays in plain text, and what has to be said about it. Raises StoreError."""
    context, profile, key = origin.view, origin.profile, origin.key
    if not key.place.is_plain_text:
        return False, []
    if profile.key_section != profile.name:
        # Another tool may read that section, too.
        line = context.command_line("keys", "protect")
        return True, [f"the key stays in plain text in [{profile.key_section}]; to move it to the keyring: {line}"]
    if place_for_key(context, profile.key_section, keys_in) == IN_FILES:
        where = f"the key {'is kept' if origin.is_new else 'stays'} in plain text in {key.place.where}"
        is_wanted = keys_in or context.config.of(profile.key_section).keys_in
        return True, [where if is_wanted else f"no keyring is there: {where}"]
    return False, []


def _hindrance(origin: Origin, session: FileChange | None) -> str:
    """Why AWS tools cannot be made to ask us for the profile's session; empty when they can, or take the key itself."""
    context, name = origin.view, origin.profile.name
    path = context.aws_files.credentials_path
    other = (context.aws_files.profile(name) or {}).get("credential_process", "")
    if other and not aws_changes.is_served(context, origin.profile):
        return f"profile {name} keeps its credential_process, which runs another program: {other.split()[0]}"
    own = "aws_access_key_id" in (context.aws_files.credentials(name) or {})
    if origin.key.profile != name and own and session is None:
        return f"AWS tools take the credentials in [{name}] of {path} first: delete them, then run this again"
    return ""


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
