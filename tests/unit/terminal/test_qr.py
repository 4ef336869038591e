"""The QR code of a new device: what a phone reads from it, on every terminal."""

from pathlib import Path
from urllib.parse import parse_qs, unquote, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mfasession.aws.model import Device
from mfasession.mfa.seed_output import Seed
from mfasession.terminal.qr import QrCode
from mfasession.values import Secret
from tests.helpers.enrolling import DARK_TERMINAL, LIGHT_TERMINAL, scan, scanned

SEED = Secret("QGNPFCNGFLZT7KZH2MLJXAKBE3VUWAO3P3KTPVBUYZ4ORXAHMYBVT5DYPDFCQTPB")
PHONE = Device(serial="arn:aws:iam::123456789012:mfa/alice")
COLOURS = pytest.mark.parametrize("colours", [DARK_TERMINAL, LIGHT_TERMINAL], ids=["dark", "light"])


def uri(device: Device, secret: Secret) -> Secret:
    """The address of a seed."""
    return Seed(device=device, secret=secret).uri


def drawn(columns: int = 80, rows: int = 40) -> str:
    """The code as a terminal with so much room is sent it."""
    return "\n".join(QrCode(uri(PHONE, SEED)).lines(columns, rows))


@COLOURS
@pytest.mark.parametrize("rows", [40, 23], ids=["room", "little"])
def test_a_phone_reads_it(tmp_path: Path, colours: tuple[int, int], rows: int) -> None:
    """On dark and on light terminals, with a wide margin and with a narrow one."""
    assert scanned(drawn(rows=rows), tmp_path, colours) == uri(PHONE, SEED).reveal()


def test_in_the_terminals_own_colours_no_phone_would(tmp_path: Path) -> None:
    """Why colours are forced: without them the code is inverted on a light terminal."""
    plain = drawn().replace("\x1b[38;5;231;48;5;16m", "")
    assert scanned(plain, tmp_path, LIGHT_TERMINAL) == ""
    assert scanned(plain, tmp_path, DARK_TERMINAL) != ""


def test_a_phone_reads_the_picture(tmp_path: Path) -> None:
    """`--png`."""
    (tmp_path / "code.png").write_bytes(QrCode(uri(PHONE, SEED)).png())
    assert scan(tmp_path / "code.png") == uri(PHONE, SEED).reveal()


def test_it_fits_into_the_usual_window_with_a_question_below() -> None:
    """80 by 24, for names of up to fourteen characters."""
    code = QrCode(uri(Device(serial="arn:aws:iam::123456789012:mfa/alice.in.seven"), SEED))
    assert len(code.lines(80, 23)) == 23


@pytest.mark.parametrize(("columns", "rows"), [(44, 40), (80, 22), (20, 5)])
def test_a_window_that_is_too_small(columns: int, rows: int) -> None:
    """Half a QR code is useless: nothing is drawn."""
    assert drawn(columns, rows) == ""


def test_every_line_ends_its_colours() -> None:
    """Nothing that follows is white on black."""
    lines = drawn().splitlines()
    assert all(line.startswith("\x1b[38;5;231;48;5;16m") and line.endswith("\x1b[0m") for line in lines)
    assert len({len(line) for line in lines}) == 1


@given(st.from_regex(r"[A-Za-z0-9_+=,.@-]{1,64}", fullmatch=True))
def test_the_address_holds_the_name_and_the_seed(name: str) -> None:
    """Key URI format: label `issuer:account`, the secret, the issuer; whatever signs IAM allows in a name."""
    read = urlsplit(uri(Device(serial=f"arn:aws:iam::123456789012:mfa/team/{name}"), SEED).reveal())
    assert (read.scheme, read.netloc) == ("otpauth", "totp")
    assert unquote(read.path) == f"/AWS:{name}@123456789012"
    assert parse_qs(read.query) == {"secret": [SEED.reveal()], "issuer": ["AWS"]}


def test_nothing_of_it_shows_itself() -> None:
    """The address holds the seed."""
    assert SEED.reveal() not in repr(uri(PHONE, SEED))
