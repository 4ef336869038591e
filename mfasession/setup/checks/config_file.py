"""Our own `config.toml`: whether commands can read it."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from mfasession import config, files
from mfasession.errors import ConfigurationError
from mfasession.setup import mode_change
from mfasession.setup.checks import Finding, Seen

if TYPE_CHECKING:
    from mfasession.sessions import Context


def check(context: "Context") -> Iterator[Finding | Seen]:
    """Yield why the configuration cannot be used; all other checks go by the defaults then."""
    try:
        loaded = config.load(context.environ)
    except ConfigurationError as fault:
        change = mode_change.of_hint(fault.hint)
        yield Finding(name="config-unusable", message=fault.message, hint=fault.hint, fix=change)
        return
    yield Seen(what="config.toml", found=loaded.path or f"none at {files.config_file(context.environ)}")
