"""A list on the terminal, and the line of it that is chosen by some of its letters. Imported only to ask."""

from collections.abc import Mapping

from prompt_toolkit.formatted_text import StyleAndTextTuples
from prompt_toolkit.input.vt100 import Vt100Input
from prompt_toolkit.key_binding import KeyBindings, KeyPressEvent
from prompt_toolkit.keys import Keys
from prompt_toolkit.output.vt100 import Vt100_Output

from mfasession.codes.question.drawn import DrawnQuestion
from mfasession.codes.question.screen import drawn_on
from mfasession.errors import Cancelled
from mfasession.terminal import Terminal, hung_up
from mfasession.text import printable

_LINES = 10
"""Lines of the list that are shown at once."""


def ask(terminal: Terminal, question: str, options: Mapping[str, str]) -> str:
    """Return one of the options, which stand in their order, each with what is said of it. Raises Cancelled."""
    try:
        with drawn_on(terminal) as (keys, screen):
            outcome = _Choice(question, options, keys, screen).answer()
    except (EOFError, OSError):
        raise hung_up() from None
    if isinstance(outcome, BaseException):
        raise outcome
    return outcome


def matching(options: Mapping[str, str], typed: str) -> list[str]:
    """Return the options that have these letters in this order; those that have them in one piece stand first.

    Case does not count.
    """
    wanted = typed.casefold()
    ranks = ((_rank(name.casefold(), wanted), name) for name in options)
    return [name for _, name in sorted(((rank, name) for rank, name in ranks if rank < 3), key=lambda each: each[0])]


def _rank(name: str, wanted: str) -> int:
    if wanted in name:
        return 0 if name.startswith(wanted) else 1
    letters = iter(name)
    return 2 if all(letter in letters for letter in wanted) else 3


class _Choice(DrawnQuestion):
    def __init__(self, question: str, options: Mapping[str, str], keys: Vt100Input, screen: Vt100_Output) -> None:
        self._question = question
        self._options = options
        self._typed = ""
        self._place = 0
        super().__init__(keys, screen)

    def text(self) -> StyleAndTextTuples:
        if self.outcome is not None:
            chosen = self.outcome if isinstance(self.outcome, str) else self._typed
            return [("", self._cut(f"{self._question}: {chosen}"))]
        size = self.application.output.get_size()
        found = matching(self._options, self._typed)
        height = max(min(_LINES, size.rows - 2), 1)
        first = max(self._place - height + 1, 0)
        width = max(map(len, self._options))
        lines = []
        for number, name in enumerate(found[first : first + height], first):
            mark = "> " if number == self._place else "  "
            lines.append(self._cut(f"{mark}{name.ljust(width)}  {self._options[name]}".rstrip()))
        more = len(found) - first - height
        lines += [self._cut(f"  {more} more")] if more > 0 and size.rows > height + 2 else []
        lines = lines or [self._cut("  no profile has these letters")]
        head = self._cut(f"{self._question}: {self._typed}")
        return [("", head), ("[SetCursorPosition]", ""), ("", "".join(f"\n{line}" for line in lines))]

    def _cut(self, line: str) -> str:
        # The last column stays free: some terminals go to the next line with it.
        return printable(line)[: max(self.application.output.get_size().columns - 1, 1)]

    def _move(self, steps: int) -> None:
        count = len(matching(self._options, self._typed))
        self._place = min(max(self._place + steps, 0), max(count - 1, 0))

    def _type(self, text: str) -> None:
        self._typed = (self._typed + text)[:100]
        self._place = 0

    def _erase(self, kept: int) -> None:
        self._typed = self._typed[:kept]
        self._place = 0

    def _enter(self) -> None:
        found = matching(self._options, self._typed)
        if found:
            self.end(found[self._place])

    def bindings(self) -> KeyBindings:
        bindings = KeyBindings()

        @bindings.add(Keys.Any, eager=True)
        def _(event: KeyPressEvent) -> None:
            if len(event.data) == 1 and event.data.isprintable():
                self._type(event.data)

        @bindings.add(Keys.BracketedPaste, eager=True)
        def _(event: KeyPressEvent) -> None:
            self._type("".join(char for char in event.data if char.isprintable()))

        for key in ("down", "c-n", "tab"):
            bindings.add(key, eager=True)(lambda _: self._move(1))
        for key in ("up", "c-p", "s-tab"):
            bindings.add(key, eager=True)(lambda _: self._move(-1))
        for key in ("enter", "c-j"):
            bindings.add(key, eager=True)(lambda _: self._enter())
        bindings.add("backspace", eager=True)(lambda _: self._erase(max(len(self._typed) - 1, 0)))
        for key in ("c-u", "c-w"):
            bindings.add(key, eager=True)(lambda _: self._erase(0))
        for key in ("c-c", "c-d", "escape"):
            bindings.add(key, eager=True)(lambda _: self.end(Cancelled("cancelled")))
        bindings.add("c-l", eager=True)(lambda event: event.app.renderer.clear())
        return bindings
