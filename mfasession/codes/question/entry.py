"""What a code prompt shows and accepts, as text; the caller gives the time and owns the terminal."""

import math
import textwrap
import time

from mfasession.codes import CodeRequest
from mfasession.text import printable
from mfasession.totp import DIGITS, seconds_left
from mfasession.values import Value

SIX_DIGITS = "a code is six digits"
_GROUPED_WIDTH = DIGITS + 1


class Entry:
    """What a person has typed so far, and a remark about it."""

    def __init__(self) -> None:
        self.digits = ""
        self.remark = ""

    def type(self, text: str) -> None:
        """Add the digits of a text; with more than six in all, none of them."""
        typed = "".join(char for char in text if char in "0123456789")
        if len(self.digits) + len(typed) > DIGITS:
            self.remark = SIX_DIGITS
        elif typed:
            self.digits += typed
            self.remark = ""

    def rub_out(self) -> None:
        """Remove the last digit."""
        self.digits = self.digits[:-1]
        self.remark = ""

    def clear(self) -> None:
        """Remove all digits."""
        self.digits = ""
        self.remark = ""

    def enter(self) -> str | None:
        """Return the code when it is whole; otherwise the remark says why not."""
        if len(self.digits) != DIGITS:
            self.remark = SIX_DIGITS
            return None
        return self.digits

    @property
    def grouped(self) -> str:
        """The digits as devices show them: `123 456`."""
        half = DIGITS // 2
        return f"{self.digits[:half]} {self.digits[half:]}".rstrip()


class Page(Value):
    """What stands on the screen around the digits."""

    before: str
    """Lines down to the cursor's; the digits follow."""
    after: str
    """What follows the digits, in their line or below."""


def question(request: CodeRequest) -> str:
    """Return whose code of which device is wanted: `MFA code for alice in 123456789012 (device phone):`."""
    if request.wanted:
        return printable(f"{request.wanted}:")
    who = request.user or f"profile {request.profile}"
    place = f" in {request.account}" if request.account else ""
    device = f" (device {request.device_name})" if request.device_name else ""
    return printable(f"MFA code for {who}{place}{device}:")


def dialog_text(request: CodeRequest) -> str:
    """Return what a window shows: why a code is asked for again, whose code it is, and when the next one comes."""
    texts = [printable(request.notice), question(request).rstrip(":")]
    if time.time() < request.comes:
        texts.append(f"The next code comes at {time.strftime('%H:%M:%S', time.localtime(request.comes))}.")
    return "\n".join(filter(None, texts))


def clock(request: CodeRequest, now: float) -> str:
    """Return how long the current code still lives, or when the next one comes if that is the one to wait for."""
    if now < request.comes:
        return f"the next code comes in {math.ceil(request.comes - now)} s"
    return f"this code lives {seconds_left(now)} s"


def page(request: CodeRequest, entry: Entry, now: float, columns: int, *, done: bool = False) -> Page:
    """Return the prompt as it looks at `now` (epoch seconds) in a window of so many columns.

    A prompt that is done keeps what it asked and loses its clock, as a line of a transcript.
    """
    # One column stays free: a full line would wrap in some terminals and not in others.
    lines = _wrapped(printable(request.notice), columns - 1)
    asked = _wrapped(question(request), columns - 2 - _GROUPED_WIDTH)
    before = "\n".join([*lines, *asked]) + " "
    if done:
        return Page(before=before, after="")
    remark = f"{entry.remark}; " if entry.remark else ""
    tail = f"({remark}{clock(request, now)})"
    padding = " " * (_GROUPED_WIDTH - len(entry.grouped) + 1)
    room = columns - 1 - len(asked[-1]) - 1 - _GROUPED_WIDTH - 1
    if len(tail) <= room:
        return Page(before=before, after=padding + tail)
    return Page(before=before, after="\n" + "\n".join(_wrapped(tail, columns - 1)))


def _wrapped(text: str, width: int) -> list[str]:
    """Break between words only: `phone-of-alice` is one name."""
    return textwrap.wrap(text, max(width, 10), break_on_hyphens=False)
