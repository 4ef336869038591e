"""Opens the user's browser at a secret address without putting that address into any program's arguments."""

import asyncio
import functools
import os
import shlex
import shutil
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any

from mfasession import process_memory
from mfasession.console import peer
from mfasession.console.redirect import Page
from mfasession.errors import ConfigurationError, MfaSessionError
from mfasession.programs.guard import Guard
from mfasession.programs.helper import Helper, how_ended
from mfasession.server import connections
from mfasession.server.connections import Listener
from mfasession.values import Secret, Value

PATIENCE = 60.0
"""Seconds for the browser to start and request the page."""
OPENERS = (("xdg-open",), ("gio", "open"), ("x-www-browser",), ("wslview",))
"""Programs that open an address on a desktop; the last one works inside WSL, without a desktop."""
_PRINT = "run it again with --print, and open the printed address"
_CORRECT = "correct browser in config.toml, or run it again with --print"


class Browser(Value):
    """A program that opens an address, which replaces `%s` in its arguments or in the text for its stdin."""

    words: tuple[str, ...]
    stdin: str = ""


def find(environ: Mapping[str, str], platform: str = sys.platform, *, command: Sequence[str] = ()) -> Browser:
    """Return the user's browser: the configured command, else $BROWSER, else the platform's.

    Raises ConfigurationError when it finds no browser.
    """
    if command:
        if not shutil.which(command[0], path=environ.get("PATH")):
            raise ConfigurationError(f"there is no program {command[0]}, the configured browser", _CORRECT)
        return _at_its_end(tuple(command))
    named = [words for each in environ.get("BROWSER", "").split(os.pathsep) if (words := _words(each))]
    if named:
        words = next((words for words in named if shutil.which(words[0], path=environ.get("PATH"))), named[0])
        return _at_its_end(words)
    if platform == "darwin":
        return Browser(words=("osascript",), stdin='open location "%s"\n')
    has_display = any(environ.get(name) for name in ("DISPLAY", "WAYLAND_DISPLAY"))
    for opener in OPENERS:
        if (has_display or opener == OPENERS[-1]) and shutil.which(opener[0], path=environ.get("PATH")):
            return Browser(words=(*opener, "%s"))
    raise ConfigurationError("no browser: $BROWSER is not set, and there is no desktop", _PRINT)


def _at_its_end(words: tuple[str, ...]) -> Browser:
    """The address is the last word, unless another word has a place for it."""
    return Browser(words=words if any("%s" in word for word in words) else (*words, "%s"))


def show(browser: Browser, address: Secret, environ: Mapping[str, str], patience: float = PATIENCE) -> None:
    """Open an address in the browser; return when it has requested the page.

    Raises ConfigurationError when the browser cannot be started, or fails; MfaSessionError when it requests no page.
    """
    asyncio.run(_shown(browser, address, environ, patience))


async def _shown(browser: Browser, address: Secret, environ: Mapping[str, str], patience: float) -> None:
    listening = connections.bound()
    page = Page(listening.getsockname()[1], address)
    admits = functools.partial(peer.is_ours, server=listening.getsockname())
    # A browser that is late must not find another user's page at the address.
    with Guard(listening.fileno(), page.url.rpartition("/")[0], environ=environ, seconds=PATIENCE) as guard:
        async with Listener(listening, page, admits):
            failed = _started(browser, page.url, environ)
            waits: tuple[asyncio.Future[Any], ...] = (asyncio.create_task(page.taken.wait()), failed)
            await asyncio.wait(waits, timeout=patience, return_when=asyncio.FIRST_COMPLETED)
            waits[0].cancel()
        if page.taken.is_set() or failed.done():
            guard.release()
    if page.taken.is_set():
        return
    if failed.done():
        raise ConfigurationError(f"{browser.words[0]} failed ({how_ended(failed.result())}) and opened nothing", _PRINT)
    raise MfaSessionError(f"{browser.words[0]} opened no page within {patience:g} s", _PRINT)


def _started(browser: Browser, url: str, environ: Mapping[str, str]) -> "asyncio.Future[int]":
    """Start the browser; the returned future gets its status if it fails. Otherwise it runs on without us."""
    words = [word.replace("%s", url) for word in browser.words]
    process_memory.restore_core_limit()
    try:
        process = Helper(words=tuple(words), advice=_PRINT, title=browser.words[0]).start(
            # Without the credentials in our environment: a browser lives long.
            {name: value for name, value in environ.items() if not name.startswith(("AWS_", "MFASESSION_"))},
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
    finally:
        process_memory.disable_core_dumps()
    loop = asyncio.get_running_loop()
    failed: asyncio.Future[int] = loop.create_future()
    text = browser.stdin.replace("%s", url).encode()
    threading.Thread(target=_follow, args=(process, text, loop, failed), daemon=True).start()
    return failed


def _follow(
    process: "subprocess.Popen[bytes]", text: bytes, loop: asyncio.AbstractEventLoop, failed: "asyncio.Future[int]"
) -> None:
    process.communicate(text)
    if process.returncode:
        # It may end long after us.
        with suppress(RuntimeError):
            loop.call_soon_threadsafe(_settle, failed, process.returncode)


def _settle(failed: "asyncio.Future[int]", status: int) -> None:
    if not failed.done():
        failed.set_result(status)


def _words(named: str) -> tuple[str, ...]:
    try:
        return tuple(shlex.split(named))
    except ValueError:
        return (named,)
