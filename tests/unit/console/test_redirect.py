"""The page of one use: who is led on, and who is not."""

import asyncio

import pytest

from mfasession.console.redirect import Page
from mfasession.values import Secret

PORT = 40123
ADDRESS = "https://signin.aws.amazon.com/federation?Action=login&SigninToken=secret"


@pytest.fixture
def page() -> Page:
    """A page without a request."""
    return Page(PORT, Secret(ADDRESS))


def head(page: Page, method: str = "GET", path: str = "", host: str = f"127.0.0.1:{PORT}") -> bytes:
    """A request as browsers send it."""
    target = path or "/" + page.url.rpartition("/")[2]
    return f"{method} {target} HTTP/1.1\r\nHost: {host}\r\nUser-Agent: Mozilla/5.0\r\nAccept: */*".encode()


def test_the_first_is_led_on(page: Page) -> None:
    """By a redirect, which no history keeps, and which does not say where it came from."""
    answer, stays = page.answer(head(page), 0.0)
    lines = answer.decode().split("\r\n")
    assert lines[0] == "HTTP/1.1 302 Found"
    assert {f"Location: {ADDRESS}", "Cache-Control: no-store", "Referrer-Policy: no-referrer"} <= set(lines)
    assert lines[-2:] == ["", ""]
    assert not stays
    assert page.taken.is_set()


def test_the_second_is_not(page: Page) -> None:
    """It works once."""
    page.answer(head(page), 0.0)
    answer, _ = page.answer(head(page), 0.0)
    assert answer.startswith(b"HTTP/1.1 404 ")
    assert b"SigninToken" not in answer


@pytest.mark.parametrize(
    ("given", "status"),
    [
        ({"method": "HEAD"}, 405),
        ({"method": "POST"}, 405),
        ({"path": "/favicon.ico"}, 404),
        ({"path": "/"}, 404),
        ({"host": "evil.example:40123"}, 403),
        ({"host": "127.0.0.1"}, 403),
    ],
)
def test_others_take_nothing_away(page: Page, given: dict[str, str], status: int) -> None:
    """An icon that a browser wants, a page of another site: the one that it is for still gets there."""
    answer, _ = page.answer(head(page, **given), 0.0)
    assert answer.startswith(f"HTTP/1.1 {status} ".encode())
    assert b"SigninToken" not in answer
    assert page.answer(head(page), 0.0)[0].startswith(b"HTTP/1.1 302 ")


def test_noise(page: Page) -> None:
    """Reported as that."""
    assert page.answer(b"\x16\x03\x01", 0.0)[0].startswith(b"HTTP/1.1 400 ")


def test_no_two_are_alike() -> None:
    """Its address cannot be guessed."""
    assert len({Page(PORT, Secret(ADDRESS)).url for _ in range(100)}) == 100


def test_it_says_when_it_is_taken(page: Page) -> None:
    """Who waits goes on."""

    async def taken() -> None:
        waiting = asyncio.create_task(page.taken.wait())
        await asyncio.sleep(0)
        page.answer(head(page), 0.0)
        await asyncio.wait_for(waiting, 10)
        assert page.taken.is_set()

    asyncio.run(taken())
