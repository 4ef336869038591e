"""A question that prompt_toolkit draws, from its first line to its one answer. Imported only to ask."""

import asyncio
import selectors
from abc import ABC, abstractmethod

from prompt_toolkit.application import Application
from prompt_toolkit.formatted_text import StyleAndTextTuples
from prompt_toolkit.input.vt100 import Vt100Input
from prompt_toolkit.key_binding import KeyBindings
from prompt_toolkit.layout import FormattedTextControl, Layout, Window
from prompt_toolkit.output.vt100 import Vt100_Output

from mfasession.errors import Cancelled
from mfasession.terminal import signals_held


class DrawnQuestion(ABC):
    """One question in its own lines of the terminal; it ends with its first outcome."""

    def __init__(self, keys: Vt100Input, screen: Vt100_Output, *, wrap_lines: bool = False) -> None:
        self.outcome: str | BaseException | None = None
        control = FormattedTextControl(self.text, focusable=True)
        self.application: Application[None] = Application(
            layout=Layout(Window(control, wrap_lines=wrap_lines, dont_extend_height=True)),
            key_bindings=self.bindings(),
            input=keys,
            output=screen,
        )

    @abstractmethod
    def text(self) -> StyleAndTextTuples:
        """Return what is shown now."""

    @abstractmethod
    def bindings(self) -> KeyBindings:
        """Return what each key does."""

    def answer(self) -> str | BaseException:
        """Ask, and return the answer, or the error in its place: Cancelled after a signal."""
        # select(2), because kqueue and poll of macOS do not take /dev/tty.
        with asyncio.Runner(loop_factory=lambda: asyncio.SelectorEventLoop(selectors.SelectSelector())) as runner:
            loop = runner.get_loop()

            def stop() -> None:
                loop.call_soon_threadsafe(self.end, Cancelled("interrupted"))

            with signals_held(stop):
                runner.run(self.run())
        if self.outcome is None:
            raise AssertionError("the prompt ended without an outcome")
        return self.outcome

    async def run(self) -> None:
        """Draw until there is an outcome."""
        await self.application.run_async(pre_run=self._leave_if_ended, set_exception_handler=False, handle_sigint=False)

    def end(self, outcome: str | BaseException) -> None:
        """End with this outcome, unless there is one already."""
        if self.outcome is None:
            self.outcome = outcome
            self._leave_if_ended()

    def _leave_if_ended(self) -> None:
        future = self.application.future
        if self.outcome is not None and future is not None and not future.done():
            self.application.exit()
