"""Sessions that move from one store to another."""

import json
from collections.abc import Callable

from mfasession.sandbox import Sandbox, SandboxUser
from tests.helpers.support import Home


def places(home: Home) -> dict[str, str]:
    """Return the store of each section, as `status` shows it."""
    done = home.run("status", "--json")
    assert done.returncode == 0, done.stderr
    return {row["section"]: row["store"] for row in json.loads(done.stdout)}


def switch(
    home: Home, aws: Sandbox, user: SandboxUser, store: str, how: str, *, forced: bool, kept: Callable[[], int]
) -> None:
    """Log in to the file, to a store, and once more to both: the session is only where the last login put it.

    `how` is `configured`, or `asked for` with `--store`; `kept` returns how many sessions that store has. A session
    that is still valid goes to plain text only by `--store file`, not because the configuration changed.
    """
    place = ""
    for number, wanted in enumerate(("file", store, "file", store)):
        home.write_settings(f'store = "{wanted if how == "configured" else "file"}"\n')
        words = [*(["--store", wanted] if how == "asked for" else []), *(["--force"] if forced else [])]
        code = ["--code", user.devices[0].code(number - 1)] if forced or number == 0 else []
        done = home.run("login", *words, *code)
        assert done.returncode == 0, done.stderr
        place = store if (how, forced, place) == ("configured", False, store) else wanted
        assert places(home) == {"default-mfa": place}
        assert kept() == (place == store)
        assert ("[default-mfa]" in home.credentials.read_text()) is (place == "file")
        assert home.run("process", "--no-input").returncode == 0
    asked = [call for call in aws.calls("GetSessionToken") if call.user == user.arn]
    assert len(asked) == (4 if forced else 1)
