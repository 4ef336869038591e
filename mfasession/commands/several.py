"""The profiles of a command that runs for several: those of -p, and those that --all-matching matches."""

from collections.abc import Callable
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from mfasession.errors import ConfigurationError

if TYPE_CHECKING:
    import argparse

    from mfasession.commands import CommandContext, Options
    from mfasession.profiles import Profile


def add_matching(parser: "argparse.ArgumentParser") -> None:
    """Add --all-matching."""
    parser.add_argument(
        "--all-matching", metavar="GLOB", help="run once for each profile that matches, such as 'prod-*'"
    )


def named(options: "Options") -> list[str]:
    """Return the profiles of -p."""
    return list(options.profiles or ([options.profile] if options.profile else []))


def names(context: "CommandContext") -> list[str]:
    """Return the names of all profiles, each once. Raises ConfigurationError when none matches."""
    options = context.options
    found = named(options)
    if options.all_matching:
        known = [*context.aws_files.profile_names(), *context.config.profiles]
        managed = set(context.aws_files.managed_sections())
        matching = sorted({name for name in known if fnmatchcase(name, options.all_matching)} - managed)
        if not matching:
            raise ConfigurationError(
                f"no profile matches {options.all_matching}", "put it in quotes, as in --all-matching 'prod-*'"
            )
        found += matching
    return list(dict.fromkeys(found))


def resolved(
    context: "CommandContext", names: list[str], fail: Callable[[str, ConfigurationError], None]
) -> "list[tuple[str, Profile | None]]":
    """Return each profile once, with its name; None for one that cannot be used, for which `fail` is called."""
    found: dict[str, tuple[str, Profile | None]] = {}
    for name in names:
        try:
            profile = context.profile(name)
        except ConfigurationError as error:
            found[f"\0{name}"] = (name, None)
            fail(name, error)
        else:
            found.setdefault(profile.session_section, (profile.name, profile))
    return list(found.values())
