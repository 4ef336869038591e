"""QR codes for phones, on a terminal or as a picture. segno is imported only here."""

from io import BytesIO

from mfasession import terminal
from mfasession.values import Secret

QUIET = 4
"""Light modules around the code (ISO/IEC 18004, "quiet zone"); readers accept half of them where space is short."""
_COLOURS, _PLAIN = "\x1b[38;5;231;48;5;16m", "\x1b[0m"
"""White on black for each line: in a light terminal's own colours the code would be inverted."""
_HALVES = {(True, True): " ", (True, False): "▄", (False, True): "▀", (False, False): "█"}
"""A character for two modules, the upper and the lower, by whether each is dark; drawn parts are light."""


class QrCode:
    """The QR code of a text."""

    def __init__(self, text: Secret) -> None:
        import segno

        # The lowest error correction: a screen has no damage, and a small code fits into small windows.
        self._code = segno.make(text.reveal(), error="l", micro=False)

    def png(self) -> bytes:
        """Return the PNG image."""
        picture = BytesIO()
        self._code.save(picture, kind="png", scale=8, border=QUIET)
        return picture.getvalue()

    def lines(self, columns: int, rows: int) -> list[str]:
        """Return its lines for a terminal of this size; empty when it does not fit."""
        for border in (QUIET, QUIET // 2):
            wide, high = self.size(border)
            if wide <= columns and high <= rows:
                return self._drawn(border)
        return []

    def text_for(self, ours: terminal.Terminal) -> str:
        """Return what shows it on a terminal, with one line left below; empty when it cannot be shown there."""
        columns, rows = ours.size()
        return "" if terminal.is_dumb() else "".join(f"{line}\n" for line in self.lines(columns, rows - 1))

    def why_not_shown(self) -> str:
        """Return why a terminal does not get it, for a message."""
        if terminal.is_dumb():
            return "this terminal cannot show a QR code"
        wide, high = self.size()
        return f"the QR code needs a window of {wide} columns and {high + 1} lines"

    def size(self, border: int = QUIET // 2) -> tuple[int, int]:
        """Return its columns and rows."""
        side, _ = self._code.symbol_size(border=border)
        return int(side), (int(side) + 1) // 2

    def _drawn(self, border: int) -> list[str]:
        modules = [[bool(module) for module in row] for row in self._code.matrix_iter(border=border)]
        if len(modules) % 2:
            modules.append([False] * len(modules[0]))
        pairs = (zip(*modules[row : row + 2], strict=True) for row in range(0, len(modules), 2))
        return [f"{_COLOURS}{''.join(_HALVES[pair] for pair in line)}{_PLAIN}" for line in pairs]
