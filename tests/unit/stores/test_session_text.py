"""A session as lines of text: what is written comes back, and nothing else is taken for one."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from mfasession.errors import StoreError
from mfasession.stores.index import session_text
from mfasession.values import Secret
from tests.helpers.support import made_session

SECRET = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=30)


@given(identity=texts, serial=texts, source=texts)
@example(identity="a\nexpires=1", serial="\\n\\", source="größe")
@example(identity="\udcff", serial="\U0001f511", source="")
def test_what_is_written_is_read(identity: str, serial: str, source: str) -> None:
    """Line breaks, backslashes, and bytes that are no UTF-8."""
    session = made_session(identity=identity, mfa_serial=serial, region=source)
    text = session_text.write("default-mfa", session)
    assert text.isascii()
    assert session_text.read(text) == session


@pytest.mark.parametrize("changes", [{"identity": "\ud800"}, {"expires": -1}], ids=["half", "time"])
def test_what_would_not_come_back_is_refused(changes: dict[str, object]) -> None:
    """Half a surrogate pair, which no environment takes; a time before all times."""
    with pytest.raises(StoreError, match=r"\Athe session of section default-mfa cannot be written\Z"):
        session_text.write("default-mfa", made_session(**changes))


WHOLE = session_text.write("default-mfa", made_session(secret_access_key=Secret(SECRET)))
BROKEN = {
    "empty": "",
    "JSON": '{"access_key_id": "ASIA"}',
    "another version": WHOLE.replace("mfasession 1", "mfasession 2"),
    "a field twice": f"{WHOLE}expires=1\n",
    "cut": WHOLE[:-3],
    "a field missing": WHOLE.replace("session_token=", "session="),
    "a time that is none": WHOLE.replace("expires=", "expires=x"),
    "an endless time": WHOLE.replace("expires=", "expires=" + "9" * 30),
    "an escape that is none": WHOLE.replace("session_token=", "session_token=\\x"),
    "half a pair": WHOLE.replace("session_token=", "session_token=\\ud800"),
    "not ASCII": WHOLE.replace("session_token=", "session_token=ü"),
}


@pytest.mark.parametrize("text", BROKEN.values(), ids=BROKEN)
def test_all_else_is_none(text: str) -> None:
    """As if nothing were kept."""
    assert session_text.read(text) is None


def test_a_later_version_adds_a_field() -> None:
    """It is passed over."""
    assert session_text.read(f"{WHOLE}colour=blue\n") == session_text.read(WHOLE) is not None
