"""Codes that a person types on the controlling terminal."""

import time

from mfasession import terminal
from mfasession.codes import CodeRequest, OnWaiting, Source, normalise
from mfasession.codes.question.background import Preparation
from mfasession.codes.question.entry import SIX_DIGITS, clock, question
from mfasession.errors import Cancelled
from mfasession.terminal import Terminal


class Prompt(Source):
    """A question on the terminal, with a running clock where the terminal can show one."""

    interactive = True
    tries = 3

    def available(self) -> bool:
        """Return whether there is a controlling terminal and we are in its foreground."""
        return terminal.is_ours()

    def ask(self, request: CodeRequest, *, on_waiting: OnWaiting | None = None) -> str:
        """Return six digits. Raises Cancelled, InputNeeded, and what `on_waiting` raised."""
        with Terminal() as ours, Preparation(on_waiting) as preparation:
            try:
                can_draw = not terminal.is_dumb() and _can_draw(ours)
                if can_draw:
                    from mfasession.codes.question import live_prompt

                    return live_prompt.ask(ours, request, preparation)
            except KeyboardInterrupt:
                raise Cancelled("interrupted") from None
            with ours.interruptible():
                return _ask_plainly(ours, request, preparation)


def _can_draw(ours: Terminal) -> bool:
    """Import prompt_toolkit. What is typed meanwhile is for the prompt; echoed, it would stand in the prompt's way."""
    with terminal.signals_held(lambda: None), ours.settings_kept():
        ours.hide_typing()
        try:
            import mfasession.codes.question.live_prompt  # noqa: F401
        except ImportError:
            # Packaged without it, or broken: a plain question is still a question.
            return False
    return True


def _ask_plainly(ours: Terminal, request: CodeRequest, preparation: Preparation) -> str:
    """Ask line by line: no cursor movements, and the clock as it stood when the question was written."""
    if request.notice:
        ours.say(request.notice)
    while True:
        ours.write(f"{question(request)} ({clock(request, time.time())}) ")
        preparation.start()
        code = normalise(_line(ours, preparation))
        request = preparation.better(request)
        if code is not None:
            return code
        ours.say(SIX_DIGITS)


def _line(ours: Terminal, preparation: Preparation) -> str:
    try:
        while not preparation.wait(ours.fileno()):
            pass
    except Exception:
        ours.write("\n")
        ours.forget_typed()
        raise
    return ours.read_line()


SOURCE = Prompt
