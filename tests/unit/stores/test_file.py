"""Sessions in the AWS credentials file: the very text, what is not a session, and what is never written."""

import subprocess
import sys
import traceback
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mfasession.awsfiles import AwsFiles, ini
from mfasession.errors import ConfigurationError, StoreError
from mfasession.stores.file import CredentialsFileStore
from mfasession.values import Secret
from tests.helpers.patience import scaled
from tests.helpers.support import KEY_ID, SECRET, SESSION_ID, key_pair, made_session, session_section

SESSION = made_session(expires=1_795_505_040, region="eu-west-1", role_arn="arn:aws:iam::123456789012:role/Admin")
WRITTEN = f"""\
[default-mfa]
manager = mfasession
aws_access_key_id = {SESSION_ID}
aws_secret_access_key = {SECRET}
aws_session_token = FwoGZXIvYXdzEXAMPLE+/==
region = eu-west-1
x_security_token_expires = 2026-11-24T07:24:00Z
mfasession_key_id = {KEY_ID}
mfasession_mfa_serial = arn:aws:iam::123456789012:mfa/phone
mfasession_role_arn = arn:aws:iam::123456789012:role/Admin
mfasession_identity = arn:aws:iam::123456789012:user/alice
mfasession_issued = 2026-11-23T18:00:00Z
"""


class Place:
    """A credentials file in a home of its own."""

    def __init__(self, folder: Path) -> None:
        self.file = folder / "credentials"
        self.environ = {"HOME": str(folder), "AWS_SHARED_CREDENTIALS_FILE": str(self.file)}

    def store(self) -> CredentialsFileStore:
        """The store as another process opens it."""
        return CredentialsFileStore(AwsFiles(self.environ), self.environ)

    def write(self, text: str) -> None:
        """Give the file a content."""
        self.file.write_bytes(text.encode("utf-8", "surrogateescape"))
        self.file.chmod(0o600)


@pytest.fixture
def place(tmp_path: Path) -> Place:
    """An empty one."""
    return Place(tmp_path)


def test_the_section_word_for_word(place: Place) -> None:
    """The contract: every key in its place, the expiry under the name that starship shows."""
    place.store().save("default-mfa", SESSION)
    assert place.file.read_text() == WRITTEN
    assert place.store().load("default-mfa") == SESSION


def test_unknown_values_are_not_written(place: Place) -> None:
    """And what an earlier session had is taken away."""
    place.write(WRITTEN.replace("region", "aws_security_token = stale\noutput = json\nregion"))
    place.store().save("default-mfa", SESSION.replace(region="", role_arn="", identity="", mfa_serial="", issued=0))
    keys = ini.parse(place.file.read_text())["default-mfa"]
    assert list(keys) == [
        "manager",
        "aws_access_key_id",
        "aws_secret_access_key",
        "aws_session_token",
        "output",
        "x_security_token_expires",
        "mfasession_key_id",
    ]


@pytest.mark.parametrize("other", ["expiration", "aws_expiration", "aws_credential_expiration"])
def test_other_tools_expiry_keys_are_left_alone(place: Place, other: str) -> None:
    """trek10inc/awsume: `--clean` deletes by `expiration`, in a time zone of its own."""
    place.write(session_section(extra=f"{other} = 2020-01-01 00:00:00\n"))
    place.store().save("default-mfa", SESSION)
    assert ini.parse(place.file.read_text())["default-mfa"][other] == "2020-01-01 00:00:00"
    assert other not in WRITTEN


@pytest.mark.parametrize(
    ("old", "new"),
    [
        *(
            (f"{key} = ", f"{key}_ = ")
            for key in (
                "aws_access_key_id",
                "aws_secret_access_key",
                "aws_session_token",
                "x_security_token_expires",
                "mfasession_key_id",
            )
        ),
        (SECRET, ""),
        ("2026-11-24T07:24:00Z", ""),
        ("2026-11-24T07:24:00Z", "tomorrow"),
        ("2026-11-24T07:24:00Z", "2026-11-24 07:24:00"),
        ("2026-11-24T07:24:00Z", "2026-11-24T07:24:00+01:00"),
        ("2026-11-23T18:00:00Z", "yesterday"),
    ],
)
def test_an_incomplete_section_is_not_a_session(place: Place, old: str, new: str) -> None:
    """It was edited: it is renewed, not trusted, and not a failure."""
    assert old in WRITTEN
    place.write(WRITTEN.replace(old, new))
    assert place.store().load("default-mfa") is None
    assert place.store().sections() == ["default-mfa"]
    place.store().save("default-mfa", SESSION)
    assert place.store().load("default-mfa") == SESSION


@pytest.mark.parametrize(
    "foreign",
    [
        key_pair("default-mfa"),
        session_section().replace("manager = mfasession", "manager = awsume"),
        session_section().replace("manager = mfasession", "# manager = mfasession"),
        "[default-mfa]\n",
    ],
)
def test_another_tools_section_is_refused(place: Place, foreign: str) -> None:
    """Neither read, nor checked, nor written, nor forgotten; the hint says where to keep the session instead."""
    place.write(key_pair() + foreign)
    before = place.file.read_bytes()
    store = place.store()
    for act in (store.load, store.check, lambda section: store.save(section, SESSION)):
        with pytest.raises(ConfigurationError, match=r"section \[default-mfa\] of .* is not ours") as caught:
            act("default-mfa")
        assert "session_profile" in caught.value.hint
    assert store.forget("default-mfa") is False
    assert store.sections() == []
    assert place.file.read_bytes() == before


@pytest.mark.parametrize(
    ("text", "line"),
    [("[a]\n[a]\n", 2), ("hush\n", 1), ("[a]\nhush\n", 2), ("[a]\nk = 1\nk = hush\n", 3), ("\ufeff", 1)],
)
def test_a_file_that_no_tool_can_read_is_never_written(place: Place, text: str, line: int) -> None:
    """The line is named, its content is not, and it is reported before a code is spent."""
    place.write(session_section() + text if line > 1 else text)
    before = place.file.read_bytes()
    for act in (place.store().check, lambda section: place.store().save(section, SESSION)):
        with pytest.raises(ConfigurationError, match=r"credentials, line \d+: ") as caught:
            act("default-mfa")
        assert "hush" not in caught.value.message + caught.value.hint
    assert place.file.read_bytes() == before


def test_a_section_whose_removal_would_swallow_the_next_is_left(place: Place) -> None:
    """Indented in an unusual way: without ours, the next header would be a part of the value before."""
    ours = "".join(f"  {line}\n" if line[0] != "[" else f"{line}\n" for line in session_section().splitlines())
    place.write(f"[a]\nk = v\n{ours}  [b]\n  x = y\n")
    before = place.file.read_bytes()
    assert place.store().sections() == ["default-mfa"]
    with pytest.raises(ConfigurationError, match=r"line 10: the header \[b\] is indented deeper"):
        place.store().forget("default-mfa")
    assert place.file.read_bytes() == before


@pytest.mark.parametrize("section", ["a]b", "DEFAULT", " a", "a ", "a\nb", ""])
def test_a_section_that_cannot_be_written_is_reported_before_a_code_is_spent(place: Place, section: str) -> None:
    """A session_profile that no reader would find again is refused by the check already, and nothing is left."""
    for act in (place.store().check, lambda section: place.store().save(section, SESSION)):
        with pytest.raises(StoreError) as caught:
            act(section)
        assert caught.value.hint == "choose another session_profile"
    assert not place.file.exists()


@pytest.mark.parametrize("secret", ["hush\nhush", " hush", "hush\0", "hush\udcff"])
def test_a_secret_that_cannot_be_written_is_not_shown(place: Place, secret: str) -> None:
    """Neither in the message nor in the traceback; and the file is as it was."""
    place.write(key_pair())
    with pytest.raises(StoreError) as caught:
        place.store().save("default-mfa", SESSION.replace(session_token=Secret(secret)))
    assert "hush" not in "".join(traceback.format_exception(caught.value)).replace("test_credentials_file", "")
    assert place.file.read_text() == key_pair()


def test_edits_made_meanwhile_are_kept(place: Place) -> None:
    """dcoker/awsmfa#13: whoever edits the file during the prompt loses nothing."""
    place.write(key_pair())
    store = place.store()
    assert store.load("default-mfa") is None
    place.write(key_pair() + "[added]\nregion = a\n")
    store.save("default-mfa", SESSION)
    assert ini.section_names(place.file.read_text()) == ["default", "added", "default-mfa"]
    assert store.load("default-mfa") == SESSION


def test_many_processes_lose_no_section(place: Place) -> None:
    """trek10inc/awsume#72, aws/aws-cli#9632: sessions saved at once are all there afterwards."""
    place.write(key_pair())
    script = (
        "import os, sys; from tests.unit.stores.test_file import *; sys.stdin.readline()\n"
        "store = CredentialsFileStore(AwsFiles(os.environ), os.environ)\n"
        "for section in sys.argv[1:]: store.save(section, SESSION)"
    )
    sections = [[f"{process}-{number}-mfa" for number in range(4)] for process in range(5)]
    running = [
        subprocess.Popen([sys.executable, "-c", script, *each], env=place.environ, stdin=subprocess.PIPE)
        for each in sections
    ]
    for process in running:
        assert process.stdin is not None
        process.stdin.close()
    assert [process.wait(timeout=scaled(60)) for process in running] == [0] * len(running)
    assert sorted(place.store().sections()) == sorted(name for each in sections for name in each)
    assert all(place.store().load(name) == SESSION for each in sections for name in each)
    assert place.file.read_text().startswith(key_pair())


texts = st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs", "Z"]), min_size=1, max_size=20)


@given(
    secret=texts,
    token=texts,
    serial=texts,
    region=texts,
    expires=st.integers(0, 4 * 10**9),
    issued=st.integers(0, 10**9),
)
def test_any_session_comes_back(
    tmp_path_factory: pytest.TempPathFactory,
    secret: str,
    token: str,
    serial: str,
    region: str,
    expires: int,
    issued: int,
) -> None:
    """Whatever AWS puts into a token, signs that mean something in such files included."""
    place = Place(tmp_path_factory.mktemp("any"))
    session = made_session(
        secret_access_key=Secret(secret),
        session_token=Secret(token),
        mfa_serial=serial,
        region=region,
        expires=expires,
        issued=issued,
    )
    place.store().save("default-mfa", session)
    assert place.store().load("default-mfa") == session
