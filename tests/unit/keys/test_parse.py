"""Key pairs as users and the AWS console give them, and invalid ones."""

import pytest

from mfasession.errors import ConfigurationError
from mfasession.keys import parse
from tests.helpers.support import KEY_ID, SECRET, SESSION_ID

FORMS = {
    "a new key": f"Access key ID,Secret access key\n{KEY_ID},{SECRET}\n",
    "as it is downloaded": f"\ufeffAccess key ID,Secret access key\r\n{KEY_ID},{SECRET}\r\n",
    "a new user": (
        "User name,Password,Access key ID,Secret access key,Console login link\r\n"
        f"alice,,{KEY_ID},{SECRET},https://123456789012.signin.aws.amazon.com/console\r\n"
    ),
    "a password with a comma": (
        'User name,Password,Access key ID,Secret access key,Console login link\n"alice","a,""b",'
        f"{KEY_ID},{SECRET},https://example.com\n"
    ),
    "the older one": f'"User Name","Access Key Id","Secret Access Key"\n"alice",{KEY_ID},{SECRET}',
    "rootkey.csv": f"AWSAccessKeyId={KEY_ID}\r\nAWSSecretKey={SECRET}\r\n",
    "spaces and blank lines": f"\n Access key ID , Secret access key \n\n {KEY_ID} , {SECRET} \n\n",
}


@pytest.mark.parametrize("form", FORMS)
def test_the_files_of_the_aws_console(form: str) -> None:
    """99designs/aws-vault#311, #1236: the key is taken from the file, in every form that the console has given."""
    key = parse.of_csv(FORMS[form], "accessKeys.csv")
    assert (key.access_key_id, key.secret_access_key.reveal()) == (KEY_ID, SECRET)


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("", "no key"),
        (f"{KEY_ID},{SECRET}\n", "no key"),
        ("Access key ID,Secret access key\n", "no key"),
        (f"Access key ID,Secret access key\n{KEY_ID}\n", "no key"),
        (f"Access key ID,Secret access key\n{KEY_ID},{SECRET}\n{KEY_ID},{SECRET}\n", "2 keys"),
        (f'Access key ID,Secret access key\n"{KEY_ID},{SECRET}\n', "no key"),
        (f"AWSAccessKeyId={KEY_ID}\n", "no key"),
        (f"a\0b\n{SECRET}", "no key"),
    ],
)
def test_files_that_are_none(text: str, count: str) -> None:
    """The message counts the keys and quotes nothing."""
    with pytest.raises(ConfigurationError) as caught:
        parse.of_csv(text, "accessKeys.csv")
    assert caught.value.message == f"accessKeys.csv holds {count} that can be read"
    assert SECRET not in repr(caught.value) + caught.value.hint


def test_two_lines() -> None:
    """The ID, then the secret, with whatever space around them."""
    key = parse.of_lines([f"  {KEY_ID}\r\n", f"{SECRET} \n"])
    assert (key.access_key_id, key.secret_access_key.reveal()) == (KEY_ID, SECRET)
    for lines in ([], [KEY_ID], [KEY_ID, SECRET, "more"]):
        with pytest.raises(ConfigurationError, match="not given as two lines"):
            parse.of_lines(lines)


@pytest.mark.parametrize(
    "text", ["", "AIDAIOSFODNN7EXAMPLE", "AKIA12", f"{KEY_ID} x", "AKIAÉÉÉÉÉÉÉÉÉÉÉÉÉÉÉÉ", SECRET, "A" * 200]
)
def test_invalid_access_key_ids(text: str) -> None:
    """A user's ID, half an ID, the secret in its place: refused without being quoted."""
    with pytest.raises(ConfigurationError, match=r"^that (is|holds|has) ") as caught:
        parse.access_key_id(text)
    assert not text or text not in caught.value.message + caught.value.hint


def test_a_temporary_key() -> None:
    """Only AKIA keys are long-term ones."""
    with pytest.raises(ConfigurationError, match="temporary"):
        parse.access_key_id(SESSION_ID)


@pytest.mark.parametrize("text", ["", "two words", "é" * 40, "a\x1b[2Jb", "tab\tin"])
def test_invalid_secrets(text: str) -> None:
    """Refused before AWS is asked, and not quoted."""
    with pytest.raises(ConfigurationError, match=r"^that (is|holds|has) ") as caught:
        parse.secret_access_key(text)
    assert not text or text not in caught.value.message + caught.value.hint
