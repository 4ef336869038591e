"""The answer of a credential_process."""

import json
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mfasession import timestamps
from mfasession.commands import process
from mfasession.values import Secret
from tests.helpers.support import SECRET, SESSION_ID, made_session


def test_the_answer_word_for_word() -> None:
    """AWS SDKs and Tools Reference Guide: Version is the number 1, Expiration ends in Z; one line."""
    assert process.render(made_session(expires=1_795_505_040)) == (
        f'{{"Version": 1, "AccessKeyId": "{SESSION_ID}", "SecretAccessKey": "{SECRET}", '
        '"SessionToken": "FwoGZXIvYXdzEXAMPLE+/==", "Expiration": "2026-11-24T07:24:00Z"}\n'
    )


@given(st.text(), st.text(), st.text(), st.integers(0, 4 * 10**9))
def test_any_text_is_json(key_id: str, secret: str, token: str, expires: int) -> None:
    """Quotes, backslashes, control characters, other scripts, lone surrogates: JSON reads back what there was."""
    session = made_session(
        access_key_id=key_id, secret_access_key=Secret(secret), session_token=Secret(token), expires=expires
    )
    text = process.render(session)
    assert json.loads(text) == {
        "Version": 1,
        "AccessKeyId": key_id,
        "SecretAccessKey": secret,
        "SessionToken": token,
        "Expiration": timestamps.show(expires),
    }
    assert text.isascii()
    assert text.count("\n") == 1


@pytest.mark.parametrize("text", ["", '"', "\\", "\x7f", "\n", "\u2028", "\udcff", "<a href='x'>&", "a/b"])
def test_awkward_texts(text: str) -> None:
    """Those that a hand-made writer gets wrong."""
    assert json.loads(process.render(made_session(session_token=Secret(text))))["SessionToken"] == text


def test_json_is_not_imported_for_plain_credentials() -> None:
    """It costs half as much as the interpreter, and the module is on the path of every command."""
    code = (
        "import sys; from tests.helpers.support import made_session; sys.modules.pop('json', None)\n"
        "from mfasession.commands import process; process.render(made_session()); print('json' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"
