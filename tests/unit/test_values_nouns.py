"""Parts of an ARN, and that no value shows its secrets."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mfasession.values import LongTermKey, Secret, account_of, partition_of
from tests.helpers.support import made_profile, made_session


@pytest.mark.parametrize(
    ("arn", "partition", "account"),
    [
        ("arn:aws:iam::123456789012:mfa/phone", "aws", "123456789012"),
        ("arn:aws-cn:iam::123456789012:mfa/phone", "aws-cn", "123456789012"),
        ("arn:aws-us-gov:sts::123456789012:assumed-role/Admin/a:b", "aws-us-gov", "123456789012"),
        ("arn:aws:iam::aws:policy/ReadOnlyAccess", "aws", "aws"),
        ("GAHT12345678", "", ""),
        ("", "", ""),
        ("arn:aws:iam", "", ""),
        ("urn:aws:iam::123456789012:mfa/phone", "", ""),
    ],
)
def test_the_parts_of_an_arn(arn: str, partition: str, account: str) -> None:
    """Its partition and its account; other texts have neither."""
    assert (partition_of(arn), account_of(arn)) == (partition, account)


@given(st.text())
def test_any_text_may_be_asked(text: str) -> None:
    """A serial number comes from a file."""
    assert partition_of(text) in text
    assert account_of(text) in text


def test_nothing_shows_a_secret() -> None:
    """Whatever is logged or raised with them."""
    key = LongTermKey(access_key_id="AKIA", secret_access_key=Secret("hush"))
    session = made_session(secret_access_key=Secret("hush"), session_token=Secret("hush"))
    assert "hush" not in f"{key!r}{session!r}{made_profile(key=key)!r}{[key, session]}"
