"""Which profile a header names; `test_awsfiles.py` holds it against botocore."""

import pytest

from mfasession.awsfiles.headers import profiles


@pytest.mark.parametrize(
    ("header", "name"),
    [
        ("default", "default"),
        ("profile x", "x"),
        ("profile\tx", "x"),
        ("profile  x ", "x"),
        ('profile "a b"', "a b"),
        ("profile 'a b'", "a b"),
        ("profile a\\ b", "a b"),
        ('profile "it\'s"', "it's"),
        ("profile a\xa0b", "a\xa0b"),
        ("profile default", "default"),
        ("profiles x", "x"),
        ("x", None),
        ("preview", None),
        ("profile", None),
        ("profile a b", None),
        ("profile it's", None),
        (" profile x", None),
        ("Profile x", None),
        ("DEFAULT x", None),
        ("sso-session x", None),
        ("services x", None),
    ],
)
def test_the_profile_of_a_header(header: str, name: str | None) -> None:
    """Quotes as in a shell, and everything else is silently none, as in botocore and the AWS CLI."""
    keys = {"region": "a"}
    assert profiles({header: keys}) == ({} if name is None else {name: keys})


def test_the_last_spelling_wins_whole() -> None:
    """As in botocore: the keys of two sections of one profile are not merged."""
    sections = {"profile x": {"a": "1"}, "profile y": {}, 'profile "x"': {"b": "2"}}
    assert list(profiles(sections).items()) == [("x", {"b": "2"}), ("y", {})]
