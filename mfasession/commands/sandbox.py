"""`mfasession sandbox [-- CMD …]`: an AWS on 127.0.0.1 that really refuses."""

from typing import TYPE_CHECKING

from mfasession import installation, process_memory
from mfasession.errors import ConfigurationError

if TYPE_CHECKING:
    import argparse

    from mfasession.commands import CommandContext

SUMMARY = "Run a command against an AWS on 127.0.0.1 that enforces the policy, or serve it"
EXAMPLES = (
    ("mfasession sandbox -- bash", "start a shell in which AWS is on this computer"),
    ("mfasession sandbox -- aws sts get-caller-identity", "run one command there"),
)
RUNS_WORDS = True


def add_arguments(parser: "argparse.ArgumentParser") -> None:
    """The command has no flags of its own; the words behind `--` are cut off before."""


def run(context: "CommandContext") -> int:
    """Run the command against a sandbox of its own, or serve one until ctrl-C."""
    try:
        from mfasession.sandbox import run as sandbox
    except ModuleNotFoundError as missing:
        raise not_installed(missing) from None
    # Its secrets are made up, and the command has limits of its own.
    process_memory.restore_core_limit()
    return sandbox.run(list(context.options.words))


def not_installed(missing: ModuleNotFoundError) -> ConfigurationError:
    """Say how to get the extra that a command needs."""
    return ConfigurationError(
        f"the sandbox is not installed: no {missing.name}", installation.adding("mfasession[sandbox]")
    )
