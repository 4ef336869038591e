"""The variables of a session, as shells and commands get them and as botocore reads them."""

from typing import Any

import pytest
from botocore.credentials import EnvProvider
from hypothesis import given
from hypothesis import strategies as st

from mfasession.sessions import environment
from mfasession.values import Secret
from tests.helpers.support import SECRET, SESSION_ID, made_session

SESSION = made_session(expires=1_795_505_040, region="eu-west-1")
LIVE = SESSION.replace(expires=4_070_908_800)

texts = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=8)
names = st.sampled_from(
    (*environment.SET, *environment.SHADOWS, *environment.OTHER_SOURCES, "HOME", "AWS_CA_BUNDLE", "AWS_ENDPOINT_URL")
)
environs = st.dictionaries(names, texts)


def test_all_variables_in_order() -> None:
    """The contract's list: set what every SDK reads, unset what would win over it."""
    assert list(environment.variables(SESSION, "work", {}).items()) == [
        ("AWS_PROFILE", None),
        ("AWS_DEFAULT_PROFILE", None),
        ("AWS_SECURITY_TOKEN", None),
        ("AWS_ACCESS_KEY_ID", SESSION_ID),
        ("AWS_SECRET_ACCESS_KEY", SECRET),
        ("AWS_SESSION_TOKEN", "FwoGZXIvYXdzEXAMPLE+/=="),
        ("AWS_CREDENTIAL_EXPIRATION", "2026-11-24T07:24:00Z"),
        ("AWS_REGION", "eu-west-1"),
        ("AWS_DEFAULT_REGION", "eu-west-1"),
        ("MFASESSION_PROFILE", "work"),
        ("AWSUME_PROFILE", "work"),
        ("MFASESSION_EXPIRES", "1795505040"),
        ("MFASESSION_HOLDS", "eu-west-1/eu-west-1 work"),
    ]


def test_a_region_that_is_not_known_is_left_as_it_is() -> None:
    """The user's own AWS_REGION stays."""
    values = environment.variables(SESSION.replace(region=""), "work", {"AWS_REGION": "eu-west-3"})
    assert not {"AWS_REGION", "AWS_DEFAULT_REGION"} & set(values)


def test_unset_takes_back_all_that_is_set() -> None:
    """And nothing else."""
    values = environment.variables(SESSION, "work", {})
    held = {name: value for name, value in values.items() if value is not None}
    assert environment.unset(held) == dict.fromkeys(held)


BOTH = ("AWS_REGION", "AWS_DEFAULT_REGION")
REGIONS = st.sampled_from(("", "eu-west-1", "eu-north-1", "us-gov-west-1"))


@given(st.tuples(REGIONS, REGIONS), st.lists(REGIONS, min_size=1, max_size=4))
def test_the_users_own_regions_survive_any_number_of_profiles(own: tuple[str, str], regions: list[str]) -> None:
    """Whatever is set for one profile after the other and taken back, AWS_REGION and AWS_DEFAULT_REGION stay theirs."""
    environ = {name: value for name, value in zip(BOTH, own, strict=True) if value}
    now = environ
    for region in regions:
        now = environment.child(now, SESSION.replace(region=region), "work")
        assert {name: now[name] for name in environ} == environ
        assert {now.get(name, "") for name in BOTH} <= {region, *own}
    assert taken_back(now) == environ


def taken_back(environ: dict[str, str]) -> dict[str, str]:
    """The environment after `env --unset`."""
    changed = {**environ, **environment.unset(environ)}
    return {name: value for name, value in changed.items() if value is not None}


@given(st.tuples(REGIONS, REGIONS), st.lists(st.tuples(REGIONS, REGIONS), min_size=1, max_size=4))
def test_a_named_region_wins_and_the_users_own_come_back(own: tuple[str, str], runs: list[tuple[str, str]]) -> None:
    """`--region` on any of several runs: that run has it in both variables, the next one has what it would have had."""
    environ = {name: value for name, value in zip(BOTH, own, strict=True) if value}
    now = environ
    for region, named in runs:
        session = SESSION.replace(region=region)
        now = environment.child(now, session, "work", region=named)
        expected = environment.child(environ, session, "work")
        held = dict.fromkeys(BOTH, named) if named else {name: expected.get(name) for name in BOTH}
        assert {name: now.get(name) for name in BOTH} == held
    assert taken_back(now) == environ


def test_what_is_no_region_is_not_kept_for_later() -> None:
    """It would be read back as something else."""
    now = environment.child({"AWS_REGION": "a/b c"}, SESSION, "work", region="us-east-1")
    assert now["MFASESSION_HOLDS"] == "us-east-1/us-east-1 work"


@given(environs)
def test_a_command_has_the_session_and_no_other_credentials(environ: dict[str, str]) -> None:
    """broamski/aws-mfa#44: whatever was there before, botocore finds these keys; all else stays."""
    child = environment.child(environ, SESSION, "work")
    set_here = environment.variables(SESSION, "work", environ)
    expected = {name: value for name, value in set_here.items() if value is not None}
    assert {name: child[name] for name in expected} == expected
    assert not {*environment.SHADOWS, *environment.OTHER_SOURCES} & set(child)
    kept = {"HOME", "AWS_CA_BUNDLE", "AWS_ENDPOINT_URL"}
    assert {name: child[name] for name in kept & set(child)} == {name: environ[name] for name in kept & set(environ)}


@given(environs)
def test_botocore_finds_the_session(environ: dict[str, str]) -> None:
    """Key, secret and token of one session; a token or an account ID of another one would break them."""
    found: Any = EnvProvider(environment.child(environ, LIVE, "work")).load()
    assert (found.access_key, found.secret_key, found.token) == (SESSION_ID, SECRET, "FwoGZXIvYXdzEXAMPLE+/==")
    assert found.account_id is None


def test_a_stale_account_id_does_not_reach_the_command() -> None:
    """An SDK would call the other account's own endpoints with our keys."""
    assert "AWS_ACCOUNT_ID" not in environment.child({"AWS_ACCOUNT_ID": "210987654321"}, SESSION, "work")


def test_the_callers_environment_is_not_changed() -> None:
    """What is handed on is a copy."""
    environ = {"AWS_PROFILE": "x"}
    environment.child(environ, SESSION, "work")
    assert environ == {"AWS_PROFILE": "x"}


@pytest.mark.parametrize("secret", ["'; rm -rf /", "\udcff", "a\nb"])
def test_values_are_not_judged_here(secret: str) -> None:
    """Quoting is the shell dialect's; an environment takes any text."""
    child = environment.child({}, SESSION.replace(secret_access_key=Secret(secret)), "work")
    assert child["AWS_SECRET_ACCESS_KEY"] == secret
