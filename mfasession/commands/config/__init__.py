"""`mfasession config …`: our own configuration, `config.toml`, checked. One module an action."""

from collections.abc import Mapping
from importlib import import_module

from mfasession.commands import Options
from mfasession.values import Value

SUMMARY = "Read and change the configuration: get, set, unset, list, path, edit"
EXAMPLES = (
    ("mfasession config set store keyring", "keep sessions in the keyring"),
    ("mfasession config set -p work duration 8h", "set it for one profile"),
    ("mfasession config list", "show all settings, and where each comes from"),
)
ORDER = ("get", "set", "unset", "list", "path", "edit")


class ConfigContext(Value):
    """What an action gets: the configuration itself is not read yet, because a wrong one can be changed here."""

    environ: Mapping[str, str]
    options: Options


def context(environ: Mapping[str, str], options: Options) -> ConfigContext:
    """Return what `run` takes in place of a CommandContext."""
    return ConfigContext(environ=environ, options=options)


def run(context: ConfigContext, flags: Value) -> int:
    """Run the action."""
    code: int = import_module(f"{__name__}.{context.options.action}").run(context, flags)
    return code
