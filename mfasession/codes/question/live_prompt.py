"""The prompt with a running clock, drawn by prompt_toolkit on the controlling terminal. Imported only to ask."""

import asyncio
import time

from prompt_toolkit.formatted_text import StyleAndTextTuples
from prompt_toolkit.input.vt100 import Vt100Input
from prompt_toolkit.key_binding import KeyBindings, KeyPressEvent
from prompt_toolkit.keys import Keys
from prompt_toolkit.output.vt100 import Vt100_Output

from mfasession.codes import CodeRequest
from mfasession.codes.question.background import Preparation
from mfasession.codes.question.drawn import DrawnQuestion
from mfasession.codes.question.entry import Entry, page
from mfasession.codes.question.screen import drawn_on
from mfasession.errors import Cancelled
from mfasession.terminal import Terminal, hung_up


def ask(terminal: Terminal, request: CodeRequest, preparation: Preparation) -> str:
    """Return six digits. Raises Cancelled, and what the preparation raised."""
    try:
        outcome = _outcome(terminal, request, preparation)
    except OSError:
        # Neither drawing nor restoring works on a terminal that is gone.
        raise hung_up() from None
    if isinstance(outcome, BaseException):
        raise outcome
    return outcome


def _outcome(terminal: Terminal, request: CodeRequest, preparation: Preparation) -> str | BaseException:
    with drawn_on(terminal) as (keys, screen):
        return _Question(terminal, request, preparation, keys, screen).answer()


class _Question(DrawnQuestion):
    def __init__(
        self, terminal: Terminal, request: CodeRequest, preparation: Preparation, keys: Vt100Input, screen: Vt100_Output
    ) -> None:
        self._terminal = terminal
        self._request = request
        self._preparation = preparation
        self._entry = Entry()
        super().__init__(keys, screen, wrap_lines=True)
        self.application.after_render += lambda _: self._preparation.start()

    async def run(self) -> None:
        loop = asyncio.get_running_loop()
        loop.set_exception_handler(lambda _, trouble: self._fail(trouble.get("exception")))
        loop.add_reader(self._preparation.fileno(), self._prepared)
        ticking = loop.create_task(self._tick())
        try:
            await super().run()
        except EOFError:
            self.outcome = hung_up()
        finally:
            loop.remove_reader(self._preparation.fileno())
            ticking.cancel()

    async def _tick(self) -> None:
        """Draw at each full second; end when the terminal is gone, as one that fails silently is read for ever."""
        while True:
            await asyncio.sleep(1 - time.time() % 1)
            if not self._terminal.is_ours():
                self.end(hung_up())
            self.application.invalidate()

    def _prepared(self) -> None:
        asyncio.get_running_loop().remove_reader(self._preparation.fileno())
        try:
            better = self._preparation.result()
        except Exception as error:  # noqa: BLE001  # handed over: `answer` raises it when the screen is restored
            self.application.erase_when_done = True
            self.end(error)
            return
        if better is not None:
            self._request = better
            self.application.invalidate()

    def _fail(self, error: BaseException | None) -> None:
        self.end(hung_up() if error is None or isinstance(error, OSError) else error)

    def text(self) -> StyleAndTextTuples:
        columns = self.application.output.get_size().columns
        shown = page(self._request, self._entry, time.time(), columns, done=self.application.is_done)
        return [("", shown.before + self._entry.grouped), ("[SetCursorPosition]", ""), ("", shown.after)]

    def bindings(self) -> KeyBindings:
        bindings = KeyBindings()

        @bindings.add(Keys.Any, eager=True)
        def _(event: KeyPressEvent) -> None:
            # Keys without a meaning here come as their escape sequences, digits and all.
            if len(event.data) == 1:
                self._entry.type(event.data)

        @bindings.add(Keys.BracketedPaste, eager=True)
        def _(event: KeyPressEvent) -> None:
            self._entry.type(event.data)
            if event.data.endswith(("\n", "\r")):
                self._enter()

        bindings.add("enter", eager=True)(lambda _: self._enter())
        bindings.add("c-j", eager=True)(lambda _: self._enter())
        bindings.add("backspace", eager=True)(lambda _: self._entry.rub_out())
        bindings.add("c-u", eager=True)(lambda _: self._entry.clear())
        bindings.add("c-w", eager=True)(lambda _: self._entry.clear())
        bindings.add("c-c", eager=True)(lambda _: self.end(Cancelled("interrupted")))
        bindings.add("c-d", eager=True)(lambda _: self.end(Cancelled("cancelled")))
        bindings.add("c-l", eager=True)(lambda event: event.app.renderer.clear())
        return bindings

    def _enter(self) -> None:
        code = self._entry.enter()
        if code is not None:
            self.end(code)
