"""The check that all tests put hints through finds what it is there for."""

import pytest

from tests.helpers import hinted


@pytest.mark.parametrize(
    ("words", "hint", "fault"),
    [
        ("exec -p prod aws s3 ls", "put -- before the command: mfasession exec -- aws s3 ls", "profile"),
        ("login", "mfasession login", "just run"),
        ("-p a login --no-input", "mfasession login -p a --no-input", "just run"),
        ("login --force", "mfasession lgoin --force", "no command line"),
        ("policy apply --group g", "aws iam list-groups", "bare key"),
        ("policy apply -p work --group g", "mfasession exec -- aws iam list-groups", "profile"),
    ],
)
def test_a_hint_that_does_not_hold(words: str, hint: str, fault: str) -> None:
    """What the hints of earlier releases were."""
    (found,) = hinted.faults(words.split(), f"mfasession: it failed\n  hint: {hint}\n")
    assert fault in found


@pytest.mark.parametrize(
    ("words", "hint"),
    [
        ("login --no-input", "mfasession login"),
        ("login -p 'a b'", "mfasession mfa enroll -p 'a b' adds an authenticator app"),
        ("exec -p a -- x", "wait, then mfasession login -p a, then run it again"),
        ("policy apply -p a --group g", "mfasession exec -p a -- aws iam list-groups"),
        ("login -p a --unknown", "see mfasession login --help"),
        ("login -p a", "aws configure --profile a"),
    ],
)
def test_a_hint_that_holds(words: str, hint: str) -> None:
    """Words around a command line are no part of it."""
    assert not hinted.faults(words.split(), f"mfasession: it failed\n  hint: {hint}\n")
