"""A user without a device, an authenticator app that reads what is shown, and QR codes that are really scanned."""

import re
import subprocess
import zlib
from itertools import count
from pathlib import Path
from struct import pack
from urllib.parse import parse_qs, urlsplit

from mfasession.sandbox import Sandbox, SandboxUser
from mfasession.totp import STEP, code_at, secret_of
from tests.helpers.patience import scaled
from tests.helpers.support import Home, key_pair, need

BLACK, WHITE = 0, 255
DARK_TERMINAL, LIGHT_TERMINAL = (WHITE, BLACK), (BLACK, WHITE)
"""The terminal's own colours: of letters, and of what is behind them."""
_FORCED = {"38;5;231": ("letters", WHITE), "38;5;16": ("letters", BLACK), "48;5;231": ("behind", WHITE),
           "48;5;16": ("behind", BLACK)}  # fmt: skip
_UPPER, _LOWER = "▀█", "▄█"
_numbers = count(1)


def bare_user(aws: Sandbox) -> SandboxUser:
    """A user under the rule with a key pair and no device."""
    return aws.add_user(f"bare{next(_numbers)}")


def home_of(user: SandboxUser, aws: Sandbox, folder: Path) -> Home:
    """The user's home: the key pair in `[default]`, and the sandbox as AWS."""
    home = Home(folder, {"AWS_ENDPOINT_URL": aws.url, "AWS_REGION": "eu-west-1"})
    home.write_credentials(key_pair("default", user.key.access_key_id, user.key.secret_access_key.reveal()))
    return home


class App:
    """An authenticator app that has read an otpauth address."""

    def __init__(self, aws: Sandbox, uri: str) -> None:
        self._aws = aws
        self.uri = uri
        parts = urlsplit(uri)
        assert (parts.scheme, parts.netloc) == ("otpauth", "totp")
        (self.seed,) = parse_qs(parts.query)["secret"]
        self.label = parts.path.lstrip("/")

    def code(self, steps: int = 0) -> str:
        """The code that it shows so many steps from now."""
        return code_at(secret_of(self.seed), self._aws.clock.now() + steps * STEP)

    def foreign_code(self) -> str:
        """A code that it does not show within a day."""
        shown = {self.code(steps) for steps in range(-1100, 1100)}
        return next(code for code in map("{:06}".format, range(10**6)) if code not in shown)

    def pair(self, steps: int = 0) -> tuple[str, str]:
        """Two codes in a row, the second one of now or of so many steps later."""
        return self.code(steps - 1), self.code(steps)


def scanned(terminal: str, folder: Path, colours: tuple[int, int] = DARK_TERMINAL) -> str:
    """What a phone reads from a terminal with these colours of its own."""
    return scan(picture(terminal, folder / "screen.png", colours))


def scan(path: Path) -> str:
    """What a phone reads from a picture."""
    done = subprocess.run(
        [need("zbarimg"), "--quiet", "--raw", str(path)],
        capture_output=True,
        text=True,
        timeout=scaled(30),
        check=False,
    )
    return done.stdout.strip()


def picture(terminal: str, path: Path, colours: tuple[int, int]) -> Path:
    """Draw the lines of half blocks that a terminal was sent, each character two pixels of four by four."""
    rows: list[list[int]] = []
    for line in terminal.replace("\r", "").split("\n"):
        if sum(char in _UPPER + _LOWER for char in line) > 10:
            rows += _pixels(line, colours)
    wide = max(map(len, rows)) + 8
    _, behind = colours
    framed = [[behind] * wide] * 4 + [[behind] * 4 + row + [behind] * (wide - 4 - len(row)) for row in rows]
    framed += [[behind] * wide] * 4
    _write_png(path, [[pixel for pixel in row for _ in range(4)] for row in framed for _ in range(4)])
    return path


def _pixels(line: str, colours: tuple[int, int]) -> tuple[list[int], list[int]]:
    now = dict(zip(("letters", "behind"), colours, strict=True))
    upper: list[int] = []
    lower: list[int] = []
    for escape, char in re.findall(r"\x1b\[([0-9;?]*)[a-zA-Z]|([^\x1b])", line):
        if not char:
            now |= dict(zip(("letters", "behind"), colours, strict=True)) if escape in ("", "0") else {}
            now |= dict(forced for code, forced in _FORCED.items() if code in escape)
        else:
            upper.append(now["letters" if char in _UPPER else "behind"])
            lower.append(now["letters" if char in _LOWER else "behind"])
    return upper, lower


def _write_png(path: Path, rows: list[list[int]]) -> None:
    def chunk(kind: bytes, data: bytes) -> bytes:
        return pack(">I", len(data)) + kind + data + pack(">I", zlib.crc32(kind + data))

    header = chunk(b"IHDR", pack(">IIBBBBB", len(rows[0]), len(rows), 8, 0, 0, 0, 0))
    data = b"".join(b"\0" + bytes(row) for row in rows)
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + header + chunk(b"IDAT", zlib.compress(data)) + chunk(b"IEND", b""))


def begun(home: Home, aws: Sandbox, *words: str) -> App:
    """Begin an enrolment that ends before its codes; the app has scanned the picture."""
    path = home.folder / "code.png"
    done = home.run("mfa", "enroll", "--png", str(path), "--codes", "-", *words)
    assert done.returncode == 2, done.stderr
    return App(aws, scan(path))


def go_on(home: Home, codes: tuple[str, ...], *words: str) -> "subprocess.CompletedProcess[str]":
    """Go on with an enrolment that has begun, with codes on stdin."""
    png = str(home.folder / "code.png")
    return home.run("mfa", "enroll", "--png", png, "--codes", "-", *words, stdin="".join(f"{code}\n" for code in codes))


def kept_seeds(home: Home) -> list[Path]:
    """The files in which a seed waits."""
    return [path for path in home.folder.rglob("enrolment-*") if path.suffix != ".lock"]
