"""One-time passwords against the published vectors and against another program."""

import base64
import subprocess
import traceback

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mfasession import totp
from tests.helpers.support import need

SEED = b"12345678901234567890"
"""The SHA-1 seed of RFC 6238, appendix B, and of RFC 4226, appendix D."""

RFC_6238 = {
    59: "94287082",
    1_111_111_109: "07081804",
    1_111_111_111: "14050471",
    1_234_567_890: "89005924",
    2_000_000_000: "69279037",
    20_000_000_000: "65353130",
}
RFC_4226 = ("755224", "287082", "359152", "969429", "338314", "254676", "287922", "162583", "399871", "520489")


@pytest.mark.parametrize(("when", "code"), list(RFC_6238.items()))
def test_the_vectors_of_rfc_6238(when: int, code: str) -> None:
    """Appendix B, SHA-1: in full, and cut to the six digits that AWS takes."""
    assert totp.code_at(SEED, when, digits=8) == code
    assert totp.code_at(SEED, when) == code[-6:]


@pytest.mark.parametrize(("counter", "code"), list(enumerate(RFC_4226)))
def test_the_vectors_of_rfc_4226(counter: int, code: str) -> None:
    """Appendix D: the counter is the number of the step, from its first second to its last."""
    assert totp.code_at(SEED, counter * totp.STEP) == code
    assert totp.code_at(SEED, counter * totp.STEP + 29.999) == code


@settings(max_examples=15, deadline=None)
@given(secret=st.binary(min_size=10, max_size=64), when=st.integers(0, 2**32))
def test_oathtool_agrees(secret: bytes, when: int) -> None:
    """Another program's codes; AWS's seeds are 64 base32 characters."""
    words = [need("oathtool"), "--totp", "--base32", f"--now=@{when}", "-"]
    seed = base64.b32encode(secret).decode()
    done = subprocess.run(words, input=seed, capture_output=True, text=True, check=True)
    assert totp.code_at(secret, when) == done.stdout.strip()


@given(secret=st.binary(min_size=1, max_size=64), when=st.integers(0, 2**40), digits=st.integers(6, 8))
def test_a_code_has_its_digits(secret: bytes, when: int, digits: int) -> None:
    """Leading zeros stay, and a shorter code is the end of a longer one."""
    code = totp.code_at(secret, when, digits=digits)
    assert len(code) == digits
    assert code.isascii()
    assert code.isdigit()
    assert totp.code_at(secret, when, digits=8).endswith(code)


@given(secret=st.binary(min_size=1, max_size=64), upper=st.booleans(), padded=st.booleans(), gap=st.integers(1, 8))
def test_a_seed_is_read_however_it_is_typed(secret: bytes, *, upper: bool, padded: bool, gap: int) -> None:
    """Any case, in groups with spaces, with and without padding."""
    seed = base64.b32encode(secret).decode()
    seed = seed if upper else seed.lower()
    seed = seed if padded else seed.rstrip("=")
    spaced = " ".join(seed[at : at + gap] for at in range(0, len(seed), gap))
    assert totp.secret_of(f" {spaced}\n") == secret


@pytest.mark.parametrize(
    "seed", ["", "  ", "====", "SECRET1", "SECRET0=", "SECRET!", "S", "GEZDGN", "SE=CRETS", "SECRÉT"]
)
def test_an_invalid_seed_is_refused_unquoted(seed: str) -> None:
    """The reason names no part of the seed, nor does the traceback."""
    with pytest.raises(ValueError, match="the seed is") as caught:
        totp.secret_of(seed)
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__ or caught.value.__context__ is None
    if seed.strip():
        assert "SECR" not in "".join(traceback.format_exception_only(caught.value))


@pytest.mark.parametrize(
    ("when", "left"), [(0, 30), (1, 29), (29, 1), (29.9, 1), (30, 30), (59.5, 1), (1_111_111_109, 1)]
)
def test_seconds_left_of_a_code(when: float, left: int) -> None:
    """Whole seconds, from 30 at the start of a step to 1 in its last."""
    assert totp.seconds_left(when) == left


@given(when=st.integers(0, 2**40))
def test_a_code_lives_until_it_is_said_to_end(when: int) -> None:
    """The code of the last second is the code of now; a second later the next step has begun."""
    left = totp.seconds_left(when)
    assert 1 <= left <= totp.STEP
    assert totp.code_at(SEED, when) == totp.code_at(SEED, when + left - 1)
    assert (when + left) % totp.STEP == 0
