"""`mfasession demo`: play a day with the policy, on this computer, in a minute."""

from typing import TYPE_CHECKING

from mfasession.commands.sandbox import not_installed

if TYPE_CHECKING:
    import argparse

    from mfasession.commands import CommandContext

SUMMARY = "Play a day with the policy, on this computer"
EXAMPLES = (("mfasession demo", "play it"),)


def add_arguments(parser: "argparse.ArgumentParser") -> None:
    """The command has no flags of its own."""


def run(_context: "CommandContext") -> int:
    """Play the tour; 1 when a step does not end as it should."""
    try:
        from mfasession.sandbox import demo
    except ModuleNotFoundError as missing:
        raise not_installed(missing) from None
    return demo.play()
