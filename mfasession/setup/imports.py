"""An import: a plan of what becomes of each key that was found, then the plan, one key after the other."""

from typing import TYPE_CHECKING

from mfasession import files
from mfasession.awsfiles import add_profile as add_aws_profile
from mfasession.config import add_profile as add_settings
from mfasession.errors import ConfigurationError, MfaSessionError
from mfasession.keys.add import Addition
from mfasession.sessions import Context
from mfasession.setup.file_change import FileChange
from mfasession.stores.keys.file import record_of
from mfasession.values import Secret, Value

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from mfasession.setup.importers import Found
    from mfasession.values import LongTermKey


class Step(Value):
    """What becomes of one key."""

    found: "Found"
    intention: str = ""
    """What will be done, in words; empty when there is nothing to do."""
    state: str = ""
    """Why there is nothing to do, in words."""
    problem: MfaSessionError | None = None
    """Why it cannot be done."""

    @property
    def key_id(self) -> str:
        """The access key ID; empty when the key was not read."""
        return self.found.key.access_key_id if self.found.key is not None else ""


def plan(context: Context, found: "Sequence[Found]") -> list[Step]:
    """Return what would be done. Raises StoreError when the place for the keys fails, before anybody is asked."""
    return [_step(context, each) for each in found]


def carry_out(context: Context, step: Step) -> str:
    """Do what a step intends, and return what was done, in words.

    A key goes to its place only after AWS has confirmed it. Raises AwsRefused, AwsUnreachable, ConfigurationError,
    StoreError; nothing is changed then.
    """
    found = step.found
    if found.key is not None and not found.section:
        return _add(_for(context, found), found.key)
    if found.role_arn:
        aws_files = context.aws_files
        add_aws_profile.add_profile(aws_files.config_path, found.profile, context.environ, _role(found))
        return f"profile {found.profile} has the role and the key of [{found.section}]: {aws_files.config_path}"
    path = add_settings.add_profile(context.environ, found.profile, _settings(found))
    return f"profile {found.profile} uses the key of [{found.section}]: {path}"


def changes(context: Context, found: "Found") -> tuple[FileChange, ...]:
    """Return the change of the file that makes a profile use a key where it is. Raises ConfigurationError."""
    if found.role_arn:
        path, text = context.aws_files.config_path, context.aws_files.config_text()
        after = add_aws_profile.with_profile(path, found.profile, text, _role(found))
    else:
        path = files.config_file(context.environ)
        text = files.read_trusted(path) or ""
        after = add_settings.with_profile(path, text, found.profile, _settings(found))
    return (FileChange(path=path, before=Secret(text), after=Secret(after)),)


def _step(context: Context, found: "Found") -> Step:
    if found.problem or found.key is None:
        return Step(found=found, state=f"not imported: {found.problem or 'not a long-term key'}")
    try:
        return _copied(context, found, found.key) if not found.section else _referred(context, found)
    except ConfigurationError as problem:
        return Step(found=found, problem=problem)


def _copied(context: Context, found: "Found", key: "LongTermKey") -> Step:
    """A key that our profile does not have yet: into the keyring, or where `--store` says."""
    addition = Addition(_for(context, found))
    if addition.has(key):
        return Step(found=found, state=f"is in {addition.place.where} already")
    addition.check()
    addition.refuse_other(key.access_key_id)
    return Step(found=found, intention=f"to {addition.place.where}")


def _referred(context: Context, found: "Found") -> Step:
    """A key in the AWS files stays there, and a profile refers to it."""
    _refuse_other(context, found)
    if found.role_arn:
        if (context.aws_files.config(found.profile) or {}).items() >= _role(found).items():
            return Step(found=found, state="is set up already")
        add_aws_profile.check(context.aws_files.config_path, found.profile, context.environ, _role(found))
        return Step(found=found, intention=f"stays in [{found.section}]; the role goes to the AWS configuration")
    settings = _settings(found)
    if not settings or (settings.keys() == {"mfa_serial"} and _serial(context, found.section) == found.mfa_serial):
        return Step(found=found, state="works as it is")
    if not add_settings.check(context.environ, found.profile, settings):
        return Step(found=found, state="is set up already")
    return Step(found=found, intention=f"stays in [{found.section}], which config.toml names")


def _refuse_other(context: Context, found: "Found") -> None:
    """Raise ConfigurationError when the profile has a long-term key of its own, unless `--force` was given."""
    own = record_of(context.aws_files.profile(found.profile) or {})
    if own is not None and own.key != found.key and not context.request.force:
        raise ConfigurationError(
            f"profile {found.profile} has another key already: {own.key.access_key_id}",
            f"{context.again('--force')} lets it use the key of [{found.section}]",
        )


def _serial(context: Context, section: str) -> str:
    return (context.aws_files.profile(section) or {}).get("mfa_serial", "")


def _settings(found: "Found") -> "Mapping[str, str]":
    settings = {"source": found.section if found.section != found.profile else "", "mfa_serial": found.mfa_serial}
    return {key: value for key, value in settings.items() if value}


def _role(found: "Found") -> "Mapping[str, str]":
    role = {"role_arn": found.role_arn, "source_profile": found.section, "mfa_serial": found.mfa_serial}
    return {key: value for key, value in role.items() if value}


def _for(context: Context, found: "Found") -> Context:
    """The same run, for the profile of one key."""
    return Context(context.environ, context.request.replace(profile=found.profile))


def _add(context: Context, key: "LongTermKey") -> str:
    addition = Addition(context)
    addition.check()
    identity = addition.whose(key)
    added = addition.keep(key)
    if added.failures:
        raise added.failures[0]
    of = f" of {identity.user} in {identity.account}" if identity else ", which AWS has not confirmed,"
    return f"key {key.access_key_id}{of} is in {addition.place.where}, for profile {addition.profile.key_section}"
