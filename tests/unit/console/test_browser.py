"""Which browser it is, what it gets, and whose program asks for a page."""

import os
import socket
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from mfasession.console import browser, peer
from mfasession.errors import ConfigurationError, MfaSessionError
from mfasession.values import Secret
from tests.helpers.support import need

ADDRESS = Secret("http://127.0.0.1:9/")


@pytest.fixture
def programs(tmp_path: Path) -> Path:
    """A folder with what opens addresses on desktops."""
    for words in browser.OPENERS:
        (tmp_path / words[0]).write_text("#!/bin/sh\n")
        (tmp_path / words[0]).chmod(0o755)
    return tmp_path


@pytest.mark.parametrize(
    ("environ", "words"),
    [
        ({"BROWSER": "wslview"}, ("wslview", "%s")),
        ({"BROWSER": "gio open --new=%s -q"}, ("gio", "open", "--new=%s", "-q")),
        ({"BROWSER": "nothing:gio 'a b'"}, ("gio", "a b", "%s")),
        ({"BROWSER": "nothing:neither"}, ("nothing", "%s")),
        ({"BROWSER": "it's", "DISPLAY": ":0"}, ("it's", "%s")),
        ({"BROWSER": ":", "DISPLAY": ":0"}, ("xdg-open", "%s")),
        ({"WAYLAND_DISPLAY": "wayland-0"}, ("xdg-open", "%s")),
        ({}, ("wslview", "%s")),
    ],
)
def test_the_users_browser(programs: Path, environ: Mapping[str, str], words: tuple[str, ...]) -> None:
    """$BROWSER first, as xdg-open and Python read it; then the desktop's; inside WSL that of Windows."""
    assert browser.find({"PATH": str(programs), **environ}, "linux").words == words


def test_a_mac_gets_the_address_on_stdin() -> None:
    """The address stands in no arguments at all."""
    found = browser.find({"PATH": "/nowhere"}, "darwin")
    assert (found.words, found.stdin) == (("osascript",), 'open location "%s"\n')


def test_no_browser() -> None:
    """What does without one is named."""
    with pytest.raises(ConfigurationError, match="no browser: "):
        browser.find({"PATH": "/nowhere", "DISPLAY": ":0"}, "linux")


@pytest.mark.parametrize("words", [("true",), ("sleep", "2")])
def test_a_browser_that_never_asks(words: tuple[str, ...]) -> None:
    """Whether it ended well or does something else: after a while the wait ends."""
    with pytest.raises(MfaSessionError, match=f"{words[0]} opened no page within 0.2 s"):
        browser.show(browser.Browser(words=words), ADDRESS, os.environ, patience=0.2)


def test_the_address_goes_to_the_browser_on_stdin(tmp_path: Path) -> None:
    """The address of the page, in the place of its mark."""
    request = tmp_path / "request"
    script = f'cat > {request}; exec {need("curl")} -s -o /dev/null "$(cut -d " " -f 2 {request})"'
    browser.show(browser.Browser(words=("sh", "-c", script), stdin="open %s\n"), ADDRESS, os.environ)
    assert request.read_text().startswith("open http://127.0.0.1:")


@pytest.mark.parametrize(
    ("family", "address"), [(socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "::ffff:127.0.0.1")], ids=["4", "6"]
)
@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells whose a connection is")
def test_a_program_of_ours(family: socket.AddressFamily, address: str) -> None:
    """In whichever of the kernel's tables it is; once it has gone, it has no owner."""
    with socket.create_server(("127.0.0.1", 0)) as listening, socket.socket(family) as client:
        ours = listening.getsockname()
        client.connect((address, ours[1]))
        accepted, theirs = listening.accept()
        with accepted:
            assert peer.is_ours(theirs, ours)
            assert not peer.is_ours(("127.0.0.2", theirs[1]), ours)
            assert not peer.is_ours(theirs, ("127.0.0.1", 1))
        client.close()
        assert not peer.is_ours(theirs, ours)


def test_a_program_of_another_user() -> None:
    """Whatever it knows."""
    if os.geteuid() != 0:
        pytest.skip("only root can be another user")
    with socket.create_server(("127.0.0.1", 0)) as listening:
        words = (
            "setpriv",
            "--reuid=65534",
            "--clear-groups",
            "curl",
            "-s",
            f"http://127.0.0.1:{listening.getsockname()[1]}/",
        )
        with subprocess.Popen([need(words[0]), *words[1:3], need(words[3]), *words[4:]]) as theirs:
            accepted, client = listening.accept()
            try:
                assert not peer.is_ours(client, listening.getsockname())
            finally:
                accepted.close()
                theirs.kill()


def test_without_a_way_to_know_the_owner(monkeypatch: pytest.MonkeyPatch) -> None:
    """On other systems the page works all the same, for who knows its address."""
    monkeypatch.setattr(peer, "TABLES", ("/nowhere",))
    assert peer.is_ours(("127.0.0.1", 1), ("127.0.0.1", 2))
