"""Where the key of a first set-up comes from: it is here, another tool has it, or it has been typed."""

from typing import TYPE_CHECKING

from mfasession.awsfiles import add_profile as add_aws_profile
from mfasession.errors import ConfigurationError
from mfasession.keys import locate
from mfasession.keys.add import Addition
from mfasession.profiles import listing
from mfasession.setup import importers, imports, preview
from mfasession.setup.file_change import FileChange
from mfasession.stores.keyrings.backend import KeyringAbsent
from mfasession.stores.keys import IN_FILES, KeyRecord
from mfasession.stores.keys.file import KeyInFile
from mfasession.values import Secret, Value

if TYPE_CHECKING:
    from mfasession.keys.locate import Held
    from mfasession.profiles import Profile
    from mfasession.sessions import Context
    from mfasession.setup.importers import Found
    from mfasession.values import LongTermKey


class Origin(Value):
    """A profile and its key as they will be, and the changes that make them so."""

    view: "Context"
    """The files after the changes."""
    profile: "Profile"
    key: "Held"
    changes: tuple[FileChange, ...] = ()
    shown: tuple[FileChange, ...] = ()
    """The change of the file that gets the key; storing the key makes it."""
    is_new: bool = False
    """Whether the key has yet to be stored."""
    found: "Found | None" = None
    """What another tool has left, if the key comes from there."""


def here(context: "Context", name: str) -> Origin | None:
    """Return the key that the profile has. Raises ConfigurationError, unless another tool has a key for the profile."""
    if context.aws_files.profile(name) is None and name not in context.config.profiles:
        key = _key_of(context, name)
        profile = listing.unresolved(name, context.aws_files, context.config)
    else:
        try:
            profile = locate.owner(context)
        except ConfigurationError:
            # A session of another tool stands where a key should.
            if of_tool(context, name) is not None:
                return None
            raise
        key = _key_of(context, profile.key_section)
    return None if key is None else Origin(view=context, profile=profile, key=key)


def of_tool(context: "Context", name: str) -> str | None:
    """Return the first tool that has a key for a profile."""
    tools = importers.detect(context.environ).items()
    return next((tool for tool, keys in tools if any(each.profile == name for each in keys)), None)


def candidates(context: "Context") -> list[str]:
    """Return the profiles that have a key, here or at another tool."""
    of_tools = [each for keys in importers.detect(context.environ).values() for each in keys]
    sections = {each.section for each in of_tools if each.section != each.profile}
    held, _ = locate.visible(context)
    names = [*(each.profile for each in of_tools), *(each.profile for each in held if each.profile not in sections)]
    return list(dict.fromkeys(names))


def imported(context: "Context", found: "Found", keys_in: str) -> Origin:
    """Return what becomes of the key of another tool. Raises ConfigurationError, StoreError."""
    step = imports.plan(_with_place(context, found.profile, keys_in), [found])[0]
    if step.problem is not None:
        raise step.problem
    if found.key is None:
        raise ConfigurationError(
            f"the key of profile {found.profile} cannot be imported: {found.problem or 'it was not read'}",
            f"import another one with -p NAME, or type the key: {context.command_line('keys', 'add')}",
        )
    if not found.section:
        return stored(context, found.profile, found.key, keys_in).replace(found=found)
    changes = imports.changes(context, found) if step.intention else ()
    view = preview.after(context, changes, found.profile)
    profile = locate.owner(view)
    return Origin(view=view, profile=profile, key=locate.first(view, profile), changes=changes, found=found)


def stored(context: "Context", name: str, key: "LongTermKey", keys_in: str) -> Origin:
    """Return what it takes to store a key for a profile. Raises ConfigurationError, StoreError."""
    addition = addition_of(context, name, keys_in)
    addition.check()
    addition.refuse_other(key.access_key_id)
    section, files = addition.profile.key_section, context.aws_files
    changes: tuple[FileChange, ...] = ()
    shown: tuple[FileChange, ...] = ()
    if isinstance(addition.place, KeyInFile):
        path, text = files.credentials_path, files.credentials_text()
        after = addition.place.with_key(text, KeyRecord(key=key))
        shown = (FileChange(path=path, before=Secret(text), after=Secret(after)),)
    elif files.profile(section) is None:
        path, text = files.config_path, files.config_text()
        after = add_aws_profile.with_profile(path, section, text)
        changes = (FileChange(path=path, before=Secret(text), after=Secret(after)),)
    view = preview.after(context, (*changes, *shown), name)
    held = locate.Held(profile=section, place=addition.place, record=KeyRecord(key=key))
    return Origin(view=view, profile=locate.owner(view), key=held, changes=changes, shown=shown, is_new=True)


def addition_of(context: "Context", name: str, keys_in: str) -> Addition:
    """Return the addition of a key for a profile, in the place where it can be kept. Raises what it raises."""
    return Addition(_with_place(context, name, keys_in))


def place_for_key(context: "Context", name: str, keys_in: str) -> str:
    """Return where a key can be kept: as wanted, else as set, else the keyring where there is one, else the file.

    Raises StoreError when the place cannot be used though it is there, or was wanted.
    """
    place = locate.chosen_place(context, name, keys_in)
    if place is None:
        return IN_FILES
    try:
        place.check()
    except KeyringAbsent:
        if keys_in or context.config.of(name).keys_in:
            raise
        return IN_FILES
    return place.name


def _with_place(context: "Context", name: str, keys_in: str) -> "Context":
    """The same run, for a profile whose key goes where it can be kept."""
    from mfasession.sessions import Context

    place = place_for_key(context, name, keys_in)
    return Context(context.environ, context.request.replace(profile=name, key_place=place))


def _key_of(context: "Context", name: str) -> "Held | None":
    """A profile's key from its place in use; None when it has none. Raises ConfigurationError, StoreError."""
    in_file = locate.held(name, locate.in_files(context, name))
    if in_file:
        return in_file[0]
    return locate.first_hidden(context, name)
