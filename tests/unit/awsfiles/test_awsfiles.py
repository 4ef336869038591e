"""The AWS files as botocore reads them: the same profiles, the same keys, and every difference reported."""

from pathlib import Path
from typing import Any

import botocore.configloader
import botocore.session
import pytest
from botocore.exceptions import ConfigParseError
from hypothesis import example, given, settings
from hypothesis import strategies as st

from mfasession import awsfiles
from mfasession.awsfiles import AwsFiles, is_managed
from mfasession.errors import ConfigurationError

HEADERS = (
    "default",
    "profile default",
    'profile "default"',
    "profile x",
    "profile  x",
    "profile\tx",
    "profile x ",
    " profile x",
    'profile "x"',
    "profile 'x'",
    'profile x""',
    "profile \\x",
    '"profile" x',
    'profile "a b"',
    "profile a\\ b",
    "profile a b",
    "profile it's",
    'profile "it\'s"',
    "profile",
    "profile ",
    'profile ""',
    "profilex",
    "profiles x",
    "profile-x y",
    "profile a\xa0b",
    "profile \u00e9quipe",
    "profile #x",
    "profile [x",
    "profile x]y",
    "profile x-mfa",
    "sso-session x",
    "services x",
    "x",
    "preview",
    "DEFAULT",
)
SECTIONS = (
    "default",
    "x",
    "a b",
    "profile x",
    " x ",
    "x-mfa",
    "it's",
    '"x"',
    "DEFAULT",
    "a\xa0b",
    "\u00e9quipe",
    "new",
)
KEYS = ("region", "Region", "mfa_serial", "aws_access_key_id", "role_arn", "source_profile", "s3", "manager")
VALUES = (
    "",
    "eu-west-1",
    "a # b",
    "a=b",
    "%(region)s",
    "mfasession",
    '"quoted"',
    "\u00e9",
    "\n  endpoint_url = http://h",
)

pairs = st.tuples(st.sampled_from(KEYS), st.sampled_from(("=", " = ", ": ")), st.sampled_from(VALUES))
once = st.lists(pairs, max_size=3, unique_by=lambda pair: pair[0].lower()).map(
    lambda found: "".join("".join(pair) + "\n" for pair in found)
)
comments = st.sampled_from(("", "", "\n", "# it's\n", "  # c\n"))
faults = st.sampled_from((*[""] * 20, "bare\n", "region = a\nregion = b\n", "[x]\n[x]\n", "= a\n", "[\n", " m = ore"))


@st.composite
def texts(draw: st.DrawFn, headers: tuple[str, ...]) -> str:
    """A file of some sections with some keys, a comment here and there, and now and then a fault at its end."""
    names = draw(st.lists(st.sampled_from(headers), max_size=6, unique=True))
    return "".join(f"[{name}]\n{draw(once)}{draw(comments)}" for name in names) + draw(faults)


class Files:
    """Both files in a folder, as either reads them."""

    def __init__(self, folder: Path, config: str | None = None, credentials: str | None = None) -> None:
        self.config, self.credentials = folder / "config", folder / "credentials"
        for path, text in ((self.config, config), (self.credentials, credentials)):
            if text is not None:
                path.write_bytes(text.encode())
                path.chmod(0o600)

    def opened(self) -> AwsFiles:
        """The files as another process opens them."""
        return AwsFiles({"AWS_CONFIG_FILE": str(self.config), "AWS_SHARED_CREDENTIALS_FILE": str(self.credentials)})

    def ours(self) -> dict[str, dict[str, Any]] | None:
        """The profiles as we read them, those of both files, each by its name; None when we refuse them."""
        try:
            return {name: dict(self.opened().profile(name) or {}) for name in self.opened().profile_names()}
        except ConfigurationError:
            return None

    def botocores(self) -> dict[str, dict[str, Any]] | None:
        """The profiles as botocore reads them; nested keys as the text that they are written in."""
        session = botocore.session.Session()
        session.set_config_variable("config_file", str(self.config))
        session.set_config_variable("credentials_file", str(self.credentials))
        try:
            profiles: dict[str, dict[str, Any]] = session.full_config["profiles"]
        except ConfigParseError:
            return None
        return profiles


def nested(profiles: dict[str, dict[str, Any]] | None) -> dict[str, dict[str, Any]] | None:
    """Our values with botocore's one level of nesting, which none of the keys that we honour has."""
    parse = botocore.configloader._parse_nested  # type: ignore[attr-defined]
    return profiles and {
        name: {key: parse(value) if value.startswith("\n") else value for key, value in keys.items()}
        for name, keys in profiles.items()
    }


@settings(max_examples=300)
@given(config=texts(HEADERS), credentials=texts(SECTIONS))
@example(config="[profile x]\nregion = a\n[profile 'x']\nregion = b\n", credentials="")
@example(config="[profiles x]\nregion = a\n", credentials="")
@example(config="[profile a\xa0b]\nregion = a\n", credentials="")
def test_the_profiles_are_botocores(tmp_path_factory: pytest.TempPathFactory, config: str, credentials: str) -> None:
    """Names, merged keys and what makes a file unreadable, through every way to spell a header."""
    files = Files(tmp_path_factory.mktemp("aws"), config, credentials)
    assert nested(files.ours()) == files.botocores()


@settings(max_examples=60)
@given(config=texts(HEADERS), credentials=texts(SECTIONS), many=st.integers(1, 4))
@example(config="[profile x]\nregion = a\n[profile 'x']\nregion = b\n", credentials="", many=1)
def test_many_profiles_are_read_as_one_is(
    tmp_path_factory: pytest.TempPathFactory, config: str, credentials: str, many: int
) -> None:
    """Whoever asks for many gets them from whole files, beside a fault elsewhere as well."""
    files = Files(tmp_path_factory.mktemp("aws"), config, credentials)
    names = [name.removeprefix("profile ") for name in (*HEADERS, *SECTIONS)]
    one_by_one = [_profile_or_fault(files.opened(), name) for name in names]
    opened = files.opened()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(awsfiles, "MANY", many)
        assert [_profile_or_fault(opened, name) for name in names] == one_by_one


def _profile_or_fault(files: AwsFiles, name: str) -> dict[str, str] | str | None:
    try:
        keys = files.profile(name)
    except ConfigurationError as error:
        return error.message
    return None if keys is None else dict(keys)


# What differs, and why


def test_one_profile_is_read_beside_a_fault_elsewhere(tmp_path: Path) -> None:
    """Botocore reads the whole file or nothing: on the path of every command we look at one section."""
    files = Files(tmp_path, "[profile x]\nregion = a\n[profile y]\nbare\n")
    assert files.botocores() is None
    assert files.opened().profile("x") == {"region": "a"}
    with pytest.raises(ConfigurationError, match="line 4"):
        files.opened().profile("y")


def test_bytes_that_are_no_utf_8_are_read(tmp_path: Path) -> None:
    """A comment in Latin-1 must not lock a user out; botocore refuses the file."""
    files = Files(tmp_path, "[profile x]\nregion = a\n")
    files.config.write_bytes(files.config.read_bytes() + b"# t\xe9l\xe9phone\n")
    assert files.botocores() is None
    assert files.ours() == {"x": {"region": "a"}}


def test_a_nul_byte_is_refused(tmp_path: Path) -> None:
    """Botocore takes it as part of a value, which no environment variable could hold."""
    files = Files(tmp_path, "[profile x]\nregion = a\0b\n")
    assert files.botocores() == {"x": {"region": "a\0b"}}
    assert files.ours() is None


def test_a_nested_line_without_a_value_is_read(tmp_path: Path) -> None:
    """Botocore refuses the file; no key that we honour is nested."""
    files = Files(tmp_path, "[profile x]\nregion = a\ns3 =\n  bare\n")
    assert files.botocores() is None
    assert files.ours() == {"x": {"region": "a", "s3": "\nbare"}}


def test_a_folder_in_the_place_of_a_file_is_reported(tmp_path: Path) -> None:
    """Botocore takes it for no file; whoever made it by mistake would look for their profiles in vain."""
    files = Files(tmp_path)
    files.config.mkdir()
    assert files.botocores() == {}
    with pytest.raises(ConfigurationError, match="is a directory"):
        files.opened().profile("x")


# Where they are


@pytest.mark.parametrize("path", ["/dev/null", "", "nowhere"])
def test_no_file_is_an_empty_file(tmp_path: Path, path: str) -> None:
    """Missing, or /dev/null as users write it to mean none."""
    place = path if path.startswith("/") else str(tmp_path / (path or "missing"))
    opened = AwsFiles({"AWS_CONFIG_FILE": place, "AWS_SHARED_CREDENTIALS_FILE": place})
    assert (opened.profile("default"), opened.profile_names(), opened.credentials_text()) == (None, [], "")


def test_both_variables_are_expanded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """broamski/aws-mfa#66: AWS_SHARED_CREDENTIALS_FILE counts; `~` and `$NAME` in it as in botocore."""
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("TEAM", "~/team")
    opened = AwsFiles({"AWS_CONFIG_FILE": "~/a b/config", "AWS_SHARED_CREDENTIALS_FILE": "$TEAM/credentials"})
    assert opened.config_path == str(tmp_path / "a b" / "config")
    assert opened.credentials_path == str(tmp_path / "team" / "credentials")
    for environ in ({}, {"AWS_CONFIG_FILE": "", "AWS_SHARED_CREDENTIALS_FILE": ""}):
        opened = AwsFiles(environ)
        assert opened.config_path == str(tmp_path / ".aws" / "config")
        assert opened.credentials_path == str(tmp_path / ".aws" / "credentials")


# How they are read


def test_each_file_is_read_once_until_it_is_reread(tmp_path: Path) -> None:
    """One command sees one state of the files, and a new one when it asks for it."""
    files = Files(tmp_path, "[default]\nregion = a\n", "[default]\nmfa_serial = m\n")
    opened = files.opened()
    assert opened.profile("default") == {"region": "a", "mfa_serial": "m"}
    Files(tmp_path, "[default]\nregion = b\n", "[default]\nmfa_serial = n\n")
    assert opened.profile("default") == {"region": "a", "mfa_serial": "m"}
    opened.reread()
    assert opened.profile("default") == {"region": "b", "mfa_serial": "n"}


@pytest.mark.parametrize(
    ("config", "credentials", "merged"),
    [
        ("[profile x]\nregion = a\n", None, {"region": "a"}),
        (None, "[x]\nregion = b\n", {"region": "b"}),
        ("[profile x]\nregion = a\nmfa_serial = m\n", "[x]\nregion = b\n", {"region": "b", "mfa_serial": "m"}),
        ("[x]\nregion = a\n", "[profile x]\nregion = b\n", None),
    ],
)
def test_the_credentials_files_values_win(
    tmp_path: Path, config: str | None, credentials: str | None, merged: dict[str, str] | None
) -> None:
    """As in botocore, and the headers of one file mean nothing in the other."""
    assert Files(tmp_path, config, credentials).opened().profile("x") == merged


def test_a_fault_is_reported_with_its_line_and_without_its_value(tmp_path: Path) -> None:
    """The line may hold a secret."""
    files = Files(tmp_path, None, "[x]\naws_access_key_id = AKIA\nhush\n")
    with pytest.raises(ConfigurationError) as caught:
        files.opened().credentials("x")
    assert caught.value.message == f"{files.credentials}, line 3: neither a section nor key = value"
    assert caught.value.hint == "fix line 3: botocore and the AWS CLI refuse the file as it is"


@pytest.mark.parametrize("mode", [0o644, 0o640, 0o602])
def test_a_credentials_file_that_others_can_read_is_refused(tmp_path: Path, mode: int) -> None:
    """Whoever asks for a profile of it; the configuration file may be readable by others."""
    files = Files(tmp_path, "[default]\nregion = a\n", "[x]\nregion = b\n")
    files.config.chmod(0o644)
    files.credentials.chmod(mode)
    assert files.opened().config("default") == {"region": "a"}
    for ask in (files.opened().profile, files.opened().credentials):
        with pytest.raises(ConfigurationError, match="open to other users"):
            ask("default")


@pytest.mark.parametrize(
    ("section", "ours"),
    [
        (None, False),
        ({}, False),
        ({"manager": "mfasession"}, True),
        ({"manager": "awsume"}, False),
        ({"manager": "MFASESSION"}, False),
        ({"manager": ""}, False),
    ],
)
def test_sections_that_we_may_write(section: dict[str, str] | None, *, ours: bool) -> None:
    """Awsume marks its sections the same way, with its own name."""
    assert is_managed(section) is ours
