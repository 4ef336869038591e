"""The variables of a profile's settings: programs with them talk to what the profile itself would make them talk to."""

import os
from collections.abc import Mapping
from typing import Any
from unittest.mock import patch

import botocore.session
import pytest
from botocore.configprovider import ConfiguredEndpointProvider
from hypothesis import given
from hypothesis import strategies as st

from mfasession.awsfiles import AwsFiles
from mfasession.errors import ConfigurationError
from mfasession.sessions import destination
from tests.helpers.support import Home, key_pair, made_profile

SERVICES = ("sts", "s3", "dynamodb")
CHOICES: dict[str, tuple[str, ...]] = {
    "endpoint_url": ("http://127.0.0.1:1", "http://127.0.0.1:2/a%20b"),
    "services": ("one", "two"),
    "ignore_configured_endpoint_urls": ("true", "false"),
    "use_fips_endpoint": ("true", "false"),
    "use_dualstack_endpoint": ("true", "false"),
    "sts_regional_endpoints": ("legacy", "regional"),
    "account_id_endpoint_mode": ("disabled", "required"),
}
settings = st.fixed_dictionaries({}, optional={name: st.sampled_from(values) for name, values in CHOICES.items()})
environs = st.fixed_dictionaries(
    {},
    optional={
        "AWS_ENDPOINT_URL": st.just("http://127.0.0.1:7"),
        "AWS_ENDPOINT_URL_S3": st.just("http://127.0.0.1:8"),
        "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": st.sampled_from(("true", "false")),
        "AWS_USE_FIPS_ENDPOINT": st.sampled_from(("true", "false")),
    },
)
SECTIONS = (
    "[services one]\ns3 =\n  endpoint_url = http://127.0.0.1:11\n"
    "[services two]\ns3 =\n  endpoint_url = http://127.0.0.1:21\ndynamodb =\n  endpoint_url = http://127.0.0.1:22\n"
)


def written(own: Mapping[str, str], default: Mapping[str, str]) -> str:
    """A configuration file with both profiles."""
    lines = ("".join(f"{key} = {value}\n" for key, value in keys.items()) for keys in (own, default))
    return "[profile work]\n{}[default]\n{}".format(*lines) + SECTIONS


def talks_to(environ: Mapping[str, str]) -> dict[str, Any]:
    """What botocore makes of an environment, by itself."""
    with patch.dict(os.environ, environ, clear=True):
        session = botocore.session.Session()
        scoped, full = session.get_scoped_config(), session.full_config
        ignores = session.get_config_variable("ignore_configured_endpoint_urls")
        return {
            **{
                name: None if ignores else ConfiguredEndpointProvider(full, scoped, name).provide() for name in SERVICES
            },
            "fips": bool(session.get_config_variable("use_fips_endpoint")),
            "dualstack": bool(session.get_config_variable("use_dualstack_endpoint")),
            "regional": session.get_config_variable("sts_regional_endpoints"),
            "account": session.get_config_variable("account_id_endpoint_mode"),
            "ca": session.get_config_variable("ca_bundle"),
        }


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Home:
    """A home with a key pair."""
    home = Home(tmp_path_factory.mktemp("destination"), {})
    home.write_credentials(key_pair("work") + key_pair())
    return home


@given(own=settings, default=settings, environ=environs, before=settings)
def test_as_the_profile_itself(
    place: Home, own: dict[str, str], default: dict[str, str], environ: dict[str, str], before: dict[str, str]
) -> None:
    """ByteNess/aws-vault#261: whatever the default profile says, the user's variables, and an `env` of before."""
    place.config.write_text(written(before, {}))
    users = {**home_of(place), **environ}
    work = made_profile(name="work")
    shell = applied(users, destination.handed_on(AwsFiles(users), work, "work", users))
    place.config.write_text(written(own, default))
    destination.take_back(shell)
    assert {name: value for name, value in shell.items() if name != destination.MARK} == users
    try:
        handed = destination.handed_on(AwsFiles(shell), work, "work", shell)
    except ConfigurationError:
        # test_endpoints_that_variables_cannot_express
        assert own.get("services", "") + environ.get("AWS_ENDPOINT_URL_S3", "")
        assert not own.get("endpoint_url")
        return
    assert talks_to(applied(shell, handed)) == talks_to({**users, "AWS_PROFILE": "work"})
    assert set(handed) & set(environ) <= {destination.IGNORE}


def home_of(place: Home) -> dict[str, str]:
    """The variables that lead to a home's files."""
    return {"AWS_CONFIG_FILE": str(place.config), "AWS_SHARED_CREDENTIALS_FILE": str(place.credentials)}


def applied(environ: Mapping[str, str], values: Mapping[str, str | None]) -> dict[str, str]:
    """An environment with variables set and unset."""
    merged = {**environ, **values}
    return {name: value for name, value in merged.items() if value is not None}


def handed(place: Home, config: str, environ: Mapping[str, str] | None = None) -> dict[str, str | None]:
    """The variables of profile `work`."""
    place.config.write_text(config)
    users = {**home_of(place), **(environ or {})}
    return destination.handed_on(AwsFiles(users), made_profile(name="work"), "work", users)


def test_all_of_them(place: Home) -> None:
    """The table: a setting, and the variable that says the same."""
    config = (
        "[profile work]\nendpoint_url = http://localhost:4566\nservices = one\nuse_fips_endpoint = true\n"
        "use_dualstack_endpoint = true\nsts_regional_endpoints = legacy\naccount_id_endpoint_mode = disabled\n"
        f"ca_bundle = /certificates of mine\n{SECTIONS}"
    )
    values = handed(place, config)
    mark = values.pop(destination.MARK) or ""
    assert values == {
        "AWS_ENDPOINT_URL": "http://localhost:4566",
        "AWS_ENDPOINT_URL_S3": "http://127.0.0.1:11",
        "AWS_USE_FIPS_ENDPOINT": "true",
        "AWS_USE_DUALSTACK_ENDPOINT": "true",
        "AWS_STS_REGIONAL_ENDPOINTS": "legacy",
        "AWS_ACCOUNT_ID_ENDPOINT_MODE": "disabled",
        "AWS_CA_BUNDLE": "/certificates of mine",
    }
    assert mark.split()[1] == "AWS_CA_BUNDLE=/certificates%20of%20mine"


def test_a_home_folder_in_a_path(place: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    """`~` is the home folder to the AWS CLI and boto3, and to no other SDK."""
    monkeypatch.setenv("HOME", "/home/alice")
    assert handed(place, "[profile work]\nca_bundle = ~/ca.pem\n")["AWS_CA_BUNDLE"] == "/home/alice/ca.pem"


@pytest.mark.parametrize(
    ("config", "environ"),
    [
        ("[profile work]\nservices = one\n[default]\nendpoint_url = http://127.0.0.1:2\n", {}),
        ("[profile work]\nservices = one\n[default]\nservices = two\n", {}),
        (
            "[default]\nendpoint_url = http://127.0.0.1:2\n[profile work]\n",
            {"AWS_ENDPOINT_URL_S3": "http://127.0.0.1:3"},
        ),
    ],
)
def test_endpoints_that_variables_cannot_express(place: Home, config: str, environ: dict[str, str]) -> None:
    """No variable keeps one endpoint of the default profile away: exit code 3, before anything goes there."""
    with pytest.raises(ConfigurationError, match="profile work has endpoints for some services"):
        handed(place, config + SECTIONS, environ)


def test_a_value_of_several_lines(place: Home) -> None:
    """No endpoint is one, and the variables are lines of a shell."""
    with pytest.raises(ConfigurationError, match="endpoint_url holds a line break"):
        handed(place, "[profile work]\nendpoint_url = http://127.0.0.1\n  more\n")


def test_a_mark_says_nothing_of_other_variables() -> None:
    """A mark of another program takes back only the variables that we set."""
    environ = {destination.MARK: "HOME=x AWS_PROFILE=y = AWS_USE_FIPS_ENDPOINT", "HOME": "x", "AWS_PROFILE": "y"}
    destination.take_back(environ)
    assert (environ["HOME"], environ["AWS_PROFILE"]) == ("x", "y")
    assert set(destination.unset(environ)) == {destination.MARK, "AWS_USE_FIPS_ENDPOINT"}
