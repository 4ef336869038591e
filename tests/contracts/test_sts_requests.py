"""What we send to STS without boto3 is what botocore would send: every byte, over the settings that we know.

Of everything else we must know that we do not know it: then boto3 is used.
"""

import json
import os
import tomllib
from importlib import metadata
from pathlib import Path
from typing import Any

import botocore
import pytest
from botocore.configprovider import BOTOCORE_DEFAUT_SESSION_VARIABLES
from hypothesis import given, settings
from hypothesis import strategies as st
from packaging.requirements import Requirement

from mfasession.aws.sts import request
from mfasession.aws.sts.settings import target
from mfasession.profiles import Profile
from mfasession.values import LongTermKey, Secret, Session
from tests.helpers.both_ways import by_boto3, ours
from tests.helpers.support import Home, made_profile, made_session, move_into

DATA = Path(botocore.__file__).parent / "data"
PARTITIONS = json.loads((DATA / "partitions.json").read_text())["partitions"]
REGIONS = [region for each in PARTITIONS for region in each["regions"] if not region.endswith("-global")]
GLOBAL = [region for each in PARTITIONS for region in each["regions"] if region.endswith("-global")]
COMING = ["us-north-9", "eu-west-12", "mx-south-1", "cn-south-1", "us-gov-north-1", "eusc-de-west-2", "us-iso-north-1"]
"""Regions that botocore does not name, of partitions that it knows by their shape."""
ODD_REGIONS = ["us-east", "eu_west_1", "EU-WEST-1", "xx-west-1", "us-east-1 ", "us-east-1.evil.example", "local", "-"]

KEY = made_profile().key
assert KEY is not None
KEYS: list[LongTermKey | Session] = [
    KEY,
    made_session(),
    LongTermKey(access_key_id="AKIAIOSFODNN7EXAMPLE", secret_access_key=Secret("ä+/= x")),
    made_session(session_token=Secret("FwoG" + "x" * 3000 + "/+==")),
]


@pytest.fixture
def surroundings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Home:
    """A home without AWS files and an environment without AWS."""
    home = Home(tmp_path, {})
    move_into(home, monkeypatch)
    for name in ("REQUESTS_CA_BUNDLE", "SSLKEYLOGFILE"):
        monkeypatch.delenv(name, raising=False)
    return home


METHODS = {
    "GetCallerIdentity": "get_caller_identity",
    "GetSessionToken": "get_session_token",
    "AssumeRole": "assume_role",
}
PARAMETERS: dict[str, dict[str, Any]] = {
    "GetCallerIdentity": {},
    "GetSessionToken": {
        "SerialNumber": "arn:aws:iam::123456789012:mfa/team/a+b=c,d.e@f_g-h",
        "TokenCode": "012345",
        "DurationSeconds": 43200,
    },
    "AssumeRole": {
        "RoleArn": "arn:aws:iam::123456789012:role/team red/admin~*'()!",
        "ExternalId": "a:b/c=d,e@f+g",
        "SourceIdentity": "alice@example.com",
        "Tags": [{"Key": "Cost Center", "Value": "grün & blau ~"}, {"Key": "empty", "Value": ""}],
        "TransitiveTagKeys": ["Cost Center", "empty"],
        "PolicyArns": [{"arn": "arn:aws:iam::aws:policy/ReadOnlyAccess"}, {"arn": "arn:aws:iam::aws:policy/Other"}],
        "Policy": '{"Statement":[{"Effect":"Allow","Action":"s3:*","Resource":"*","Sid":"é\u00ff%41\\n+"}]}',
        "RoleSessionName": "alice",
        "DurationSeconds": 900,
    },
}


def assert_same(profile: Profile, region: str, *, key: LongTermKey | Session = KEYS[1]) -> None:
    """The three requests are botocore's."""
    theirs = by_boto3(profile, key, region, {method: PARAMETERS[name] for name, method in METHODS.items()})
    for operation, method in METHODS.items():
        stamp = theirs[method]["headers"]["x-amz-date"]
        assert ours(profile, key, region, operation, stamp, **PARAMETERS[operation]) == theirs[method]


@pytest.mark.parametrize("region", [*REGIONS, *COMING])
@pytest.mark.usefixtures("surroundings")
def test_every_region(region: str) -> None:
    """Of every partition, and those to come."""
    assert_same(made_profile(), region)


@pytest.mark.parametrize("region", [*GLOBAL, *ODD_REGIONS])
@pytest.mark.usefixtures("surroundings")
def test_regions_that_are_left_to_boto3(region: str) -> None:
    """Pseudo regions have rules of their own, and botocore refuses what is no region."""
    assert target(made_profile(), region) is None


@pytest.mark.parametrize("number", range(len(KEYS)))
@pytest.mark.usefixtures("surroundings")
def test_every_kind_of_key(number: int) -> None:
    """With and without a session token; secrets with other letters than ASCII's."""
    assert_same(made_profile(), "eu-west-1", key=KEYS[number])


ENDPOINTS = [
    "http://127.0.0.1:4566",
    "http://localhost:4566/",
    "http://localhost",
    "http://localhost:80",
    "https://localhost:443",
    "https://localhost:80",
    "https://sts.example.com",
    "https://sts.example.com/",
    "https://vpce-0-x.sts.eu-west-1.vpce.amazonaws.com:8443",
    "https://10.0.0.1",
    "https://a",
]


@pytest.mark.parametrize("url", ENDPOINTS)
@pytest.mark.parametrize("place", ["AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_STS", "endpoint_url"])
def test_endpoints(url: str, place: str, surroundings: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    """From the variables and the profile, in every partition."""
    if place == "endpoint_url":
        surroundings.config.write_text(f"[default]\nendpoint_url = {url}\n")
    else:
        monkeypatch.setenv(place, url)
        surroundings.config.write_text("[default]\nendpoint_url = https://other.example.com\n")
    assert_same(made_profile(), "cn-north-1")


@pytest.mark.parametrize(
    "url",
    [
        "https://sts.example.com/path",
        "https://sts.example.com/?x=y",
        "https://STS.example.com",
        "https://user:password@sts.example.com",
        "https://[::1]:4566",
        "https://sts.example.com:99999",
        "https://sts.example.com:0",
        "https://sts.example.com.",
        "https://-x.example.com",
        "https://under_score.example.com",
        "https://xn--.example..com",
        "https://ä.example.com",
        "https://sts.example.com\\@evil.example",
        "https://sts.example.com#x",
        "HTTPS://sts.example.com",
        "ftp://sts.example.com",
        "sts.example.com",
        " https://sts.example.com",
        "https://" + "a" * 64 + ".example.com",
        "https://" + ".".join(["a" * 60] * 5),
    ],
)
@pytest.mark.usefixtures("surroundings")
def test_endpoints_that_are_left_to_boto3(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A path, a user, an address of version 6, capitals, and what is not a URL."""
    monkeypatch.setenv("AWS_ENDPOINT_URL", url)
    assert target(made_profile(), "eu-west-1") is None


SAME: dict[str, tuple[dict[str, str], str]] = {
    "nothing": ({}, ""),
    "empty endpoints": ({"AWS_ENDPOINT_URL": "", "AWS_ENDPOINT_URL_STS": ""}, "[default]\nendpoint_url = \n"),
    "endpoints of others": ({"AWS_ENDPOINT_URL_S3": "http://localhost:9000", "AWS_ENDPOINT_URL_IAM": "x"}, ""),
    "both variables": ({"AWS_ENDPOINT_URL": "https://a.example", "AWS_ENDPOINT_URL_STS": "https://b.example"}, ""),
    "regional": ({"AWS_STS_REGIONAL_ENDPOINTS": "regional"}, ""),
    "regional in the file": ({}, "[default]\nsts_regional_endpoints = regional\n"),
    "FIPS off": ({"AWS_USE_FIPS_ENDPOINT": "false"}, "[default]\nuse_fips_endpoint = False\n"),
    "dual stack off": ({"AWS_USE_DUALSTACK_ENDPOINT": "False"}, "[default]\nuse_dualstack_endpoint = false\n"),
    "not ignored": ({"AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "false"}, "[default]\nendpoint_url = https://a.example\n"),
    "retries": ({"AWS_RETRY_MODE": "legacy", "AWS_MAX_ATTEMPTS": "7"}, ""),
    "retries in the file": ({}, "[default]\nretry_mode = standard\nmax_attempts = 2\n"),
    "account IDs": ({"AWS_ACCOUNT_ID_ENDPOINT_MODE": "disabled"}, "[default]\naccount_id_endpoint_mode = preferred\n"),
    "keys of another": ({"AWS_ACCESS_KEY_ID": "x", "AWS_SECRET_ACCESS_KEY": "y", "AWS_SESSION_TOKEN": "z"}, ""),
    "region of another": ({"AWS_REGION": "us-west-2", "AWS_DEFAULT_REGION": "cn-north-1"}, "[default]\nregion = x\n"),
    "profile of another": ({"AWS_PROFILE": "other"}, "[profile other]\nendpoint_url = https://other.example\n"),
    "a role": ({}, "[default]\nrole_arn = arn:aws:iam::123456789012:role/x\nsource_profile = x\nmfa_serial = y\n"),
    "no proxy": ({"NO_PROXY": "*", "no_proxy": "localhost", "https_proxy": ""}, ""),
    "other tools": (
        {},
        (
            "[default]\naws_mfa_device = arn:x\nassumed_role = False\nexpiration = 2026-11-28\nautoawsume = true\n"
            "mfa_process = pass otp x\ninclude_profile = y\ngranted_color = red\nx_principal_arn = arn:y\n"
        ),
    ),
    "nested": ({}, "[default]\ns3 =\n  max_concurrent_requests = 1\n  addressing_style = path\n"),
    "services of another": ({}, "[services x]\nsts =\n  endpoint_url = https://x.example\n[profile x]\nservices = x\n"),
    "inherited": ({}, "[DEFAULT]\nendpoint_url = https://d.example\n[default]\nregion = eu-west-1\n"),
    "a spelling of default": ({}, "[profile default]\nendpoint_url = https://d.example\n"),
}


@pytest.mark.parametrize("case", SAME)
def test_settings_that_we_know(case: str, surroundings: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    """They change nothing, or they name an endpoint."""
    variables, config = SAME[case]
    surroundings.config.write_text(config)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert_same(made_profile(), "us-east-1")


@pytest.mark.parametrize(
    ("config", "credentials", "names"),
    [
        ("[profile work]\nendpoint_url = https://work.example\n", "", ("work", "keys")),
        ("[profile keys]\nendpoint_url = https://keys.example\n", "", ("work", "keys")),
        ("", "[work]\nendpoint_url = https://work.example\n[keys]\nx=y\n", ("work", "keys")),
        ("[profile work]\nendpoint_url = https://a.example\n", "[work]\nendpoint_url = https://b.example\n", ("work",)),
        ("[default]\nendpoint_url = https://default.example\n", "", ("work", "keys")),
        ('[profile "a b"]\nendpoint_url = https://ab.example\n', "", ("a b",)),
    ],
)
def test_the_profile_whose_settings_count(
    config: str, credentials: str, names: tuple[str, ...], surroundings: Home
) -> None:
    """Its own, or that of the section with its key; the credentials file wins."""
    surroundings.config.write_text(config)
    surroundings.write_credentials(credentials)
    assert_same(made_profile(name=names[0], key_section=names[-1]), "eu-west-1")


LEFT: dict[str, tuple[dict[str, str], str]] = {
    "FIPS": ({"AWS_USE_FIPS_ENDPOINT": "true"}, ""),
    "FIPS in the file": ({}, "[default]\nuse_fips_endpoint = true\n"),
    "dual stack": ({"AWS_USE_DUALSTACK_ENDPOINT": "TRUE"}, ""),
    "legacy": ({"AWS_STS_REGIONAL_ENDPOINTS": "legacy"}, ""),
    "legacy in the file": ({}, "[default]\nsts_regional_endpoints = legacy\n"),
    "ignored": ({"AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "true"}, ""),
    "a wrong mode": ({"AWS_RETRY_MODE": "sometimes"}, ""),
    "adaptive": ({}, "[default]\nretry_mode = adaptive\n"),
    "defaults": ({"AWS_DEFAULTS_MODE": "standard"}, ""),
    "services": ({}, "[default]\nservices = x\n[services x]\nsts =\n  endpoint_url = https://x.example\n"),
    "a proxy": ({"HTTPS_PROXY": "http://127.0.0.1:9"}, ""),
    "a proxy for all": ({"all_proxy": "http://127.0.0.1:9"}, ""),
    "a proxy in mixed case": ({"Http_Proxy": "http://127.0.0.1:9"}, ""),
    "data": ({"AWS_DATA_PATH": "/x"}, ""),
    "a log of TLS keys": ({"SSLKEYLOGFILE": "/x"}, ""),
    "keepalive": ({"BOTOCORE_TCP_KEEPALIVE": "true"}, ""),
    "a header for proxies": ({"BOTO_EXPERIMENTAL__ADD_PROXY_HOST_HEADER": "true"}, ""),
    "an application": ({"AWS_SDK_UA_APP_ID": "x"}, ""),
    "Lambda": ({"AWS_LAMBDA_FUNCTION_NAME": "x", "_X_AMZN_TRACE_ID": "y"}, ""),
    "a setting to come": ({"AWS_SOMETHING_NEW": "1"}, ""),
    "a key to come": ({}, "[default]\nsomething_new = 1\n"),
    "no validation": ({}, "[default]\nparameter_validation = false\n"),
    "versions": ({}, "[default]\napi_versions =\n  sts = 2011-06-15\n"),
    "a faulty file": ({}, "[default]\nregion\n"),
    "a fault elsewhere": ({}, "[default]\nregion = x\n[profile a]\ns3 =\n  nothing\n"),
    "twice": ({}, "[default]\nregion = x\n[profile a]\nx=y\n[profile a]\nx=y\n"),
    "no such file": ({"AWS_CONFIG_FILE": ""}, ""),
    "no certificates": ({"AWS_CA_BUNDLE": "/no/such/file"}, ""),
    "a folder of certificates": ({"REQUESTS_CA_BUNDLE": "/etc"}, ""),
}


@pytest.mark.parametrize("case", LEFT)
def test_settings_that_are_left_to_boto3(case: str, surroundings: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    """What we do not know, and what botocore would refuse."""
    variables, config = LEFT[case]
    surroundings.config.write_text(config)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert target(made_profile(), "eu-west-1") is None


def test_bytes_that_are_not_text(surroundings: Home) -> None:
    """Botocore refuses the file."""
    surroundings.config.write_bytes(b"[default]\nregion = x\n# \xff\n")
    assert target(made_profile(), "eu-west-1") is None


def test_models_of_the_user(surroundings: Home) -> None:
    """They may name other endpoints."""
    (surroundings.aws / "models").mkdir()
    assert target(made_profile(), "eu-west-1") is None


WITHOUT_EFFECT = {"AWS_PROFILE", "AWS_DEFAULT_PROFILE", "AWS_DEFAULT_REGION", "region"}
"""Of botocore's variables; `surroundings` has the files."""
FOR_OTHERS = ("metadata_service_", "ec2_metadata_")


@pytest.mark.parametrize("variable", BOTOCORE_DEFAUT_SESSION_VARIABLES)
def test_each_setting_that_botocore_reads(variable: str, surroundings: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    """With an unusual value, each is left to boto3, unless it is known to change nothing. A new one fails here."""
    key, names, *_ = BOTOCORE_DEFAUT_SESSION_VARIABLES[variable]
    for name in names if isinstance(names, list) else [names] if names else []:
        if name not in WITHOUT_EFFECT and not name.endswith("_FILE"):
            monkeypatch.setenv(name, "odd")
            assert target(made_profile(), "eu-west-1") is None, name
            monkeypatch.delenv(name)
    if key and key not in WITHOUT_EFFECT and not key.startswith(FOR_OTHERS):
        surroundings.config.write_text(f"[default]\n{key} = odd\n")
        assert target(made_profile(), "eu-west-1") is None, key


@pytest.mark.parametrize("place", ["AWS_CA_BUNDLE", "REQUESTS_CA_BUNDLE", "ca_bundle", "all"])
def test_certificates(place: str, surroundings: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    """The order of the three places; `~` is the home folder."""
    for name in ("AWS_CA_BUNDLE", "REQUESTS_CA_BUNDLE", "ca_bundle"):
        (surroundings.folder / f"{name}.pem").touch()
        if place not in (name, "all"):
            continue
        if name == "ca_bundle":
            surroundings.config.write_text("[default]\nca_bundle = ~/ca_bundle.pem\n")
        else:
            monkeypatch.setenv(name, str(surroundings.folder / f"{name}.pem"))
    assert_same(made_profile(), "eu-west-1")


TEXTS = st.text(st.characters(exclude_categories=["Cs"]), min_size=20, max_size=60)


@given(
    arn=TEXTS,
    name=TEXTS,
    policy=st.none() | TEXTS,
    tags=st.lists(st.tuples(TEXTS, TEXTS | st.just("")), max_size=3),
    token=st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=1),
)
@settings(max_examples=40, deadline=None)
def test_any_text_in_a_request(
    arn: str, name: str, policy: str | None, tags: list[tuple[str, str]], token: str
) -> None:
    """Every character, in every parameter that takes text, and any token."""
    parameters: dict[str, Any] = {"RoleArn": arn, "RoleSessionName": name, "DurationSeconds": 900}
    if policy:
        parameters["Policy"] = policy
    if tags:
        parameters["Tags"] = [{"Key": key, "Value": value} for key, value in tags]
        parameters["TransitiveTagKeys"] = [key for key, _ in tags]
    key = made_session(session_token=Secret(token))
    os.environ["AWS_ENDPOINT_URL"] = "http://localhost:9"
    try:
        theirs = by_boto3(made_profile(), key, "eu-west-1", {"assume_role": parameters})["assume_role"]
        mine = ours(made_profile(), key, "eu-west-1", "AssumeRole", theirs["headers"]["x-amz-date"], **parameters)
    finally:
        del os.environ["AWS_ENDPOINT_URL"]
    assert mine == theirs


def test_the_least_of_each_parameter() -> None:
    """As in botocore's description of STS, which has no other bound that it checks."""
    from botocore.session import Session as Botocore

    model = Botocore().get_service_model("sts")
    assert model.api_version == request.VERSION
    found: dict[str, int] = {}

    def walk(name: str, shape: Any) -> None:
        if shape.type_name == "list":
            assert not shape.metadata.get("min") or name == "ProvidedContexts"
            walk(name, shape.member)
        elif shape.type_name == "structure":
            for key, member in shape.members.items():
                walk(key, member)
        else:
            found[name] = shape.metadata.get("min", 0)

    for operation in METHODS:
        shape = model.operation_model(operation).input_shape
        if shape is not None:
            walk("", shape)
    for name in request.LEAST:
        assert request.LEAST[name] == found[name], name
    sent = {"DurationSeconds", *PARAMETERS["AssumeRole"], *PARAMETERS["GetSessionToken"], "Key", "Value", "arn"}
    assert sent - {"Tags", "PolicyArns"} == request.LEAST.keys()


def test_no_botocore_is_installed_that_asks_the_global_endpoint() -> None:
    """Before 1.40.0 that was botocore's default for some regions, and its request differed from ours."""
    project = tomllib.loads((Path(__file__).parents[2] / "pyproject.toml").read_text())["project"]
    (boto3,) = (need for need in map(Requirement, project["dependencies"]) if need.name == "boto3")
    assert not boto3.specifier.contains("1.39.99")
    assert boto3.specifier.contains(metadata.version("boto3"))
