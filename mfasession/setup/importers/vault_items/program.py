"""Keys that aws-vault itself gives out: for all of its backends, with its own prompts on the terminal."""

import json
import shlex
import shutil
import subprocess
from collections.abc import Mapping

from mfasession.errors import ConfigurationError
from mfasession.programs.helper import Helper
from mfasession.setup.importers.vault_items import Item, item_of

_NAME = "aws-vault"
TIME_LIMIT = 120
"""Seconds: a person may have to unlock the backend."""


def export(environ: Mapping[str, str]) -> list[tuple[str, Item]]:
    """Return the profiles with credentials and their keys; none when the program is not there.

    Raises ConfigurationError when it fails: its own words are on stderr.
    """
    if shutil.which(_NAME, path=environ.get("PATH")) is None:
        return []
    names = [line.strip() for line in _output(environ, "list", "--credentials").splitlines()]
    return [(name, _item(_output(environ, "export", "--no-session", "--format=json", name))) for name in names if name]


def _item(text: str) -> Item:
    try:
        return item_of(json.loads(text))
    except (ValueError, RecursionError):
        return Item(problem="aws-vault has printed no credentials")


def _output(environ: Mapping[str, str], *words: str) -> str:
    line = (_NAME, *words)
    helper = Helper(words=line, advice=f"see what it prints: {shlex.join(line)}", title=f"{_NAME} {words[0]}")
    # In our own process group: it may ask for a passphrase on the terminal.
    with helper.start(environ, stdout=subprocess.PIPE) as started:
        try:
            output, _ = started.communicate(timeout=TIME_LIMIT)
        except subprocess.TimeoutExpired:
            started.kill()
            raise ConfigurationError(f"{helper.name} gave no answer for {TIME_LIMIT} s", helper.advice) from None
    helper.check(started.returncode, "no key was read")
    return output.decode("utf-8", "replace")
