"""`import mfasession`: what is exported, what it costs, and what is refused before AWS is asked."""

import pytest

import mfasession
from mfasession import codes, errors
from mfasession.api import CalledSource
from tests.helpers.support import Home, key_pair, move_into


def test_the_errors_are_the_commands_own() -> None:
    """A program catches MfaSessionError for all of them, or one by its name."""
    names = set(mfasession.__all__) - {"session"}
    assert all(getattr(mfasession, name) is getattr(errors, name) for name in names)
    assert all(issubclass(getattr(mfasession, name), mfasession.MfaSessionError) for name in names)


def test_a_name_that_is_not_there() -> None:
    """It fails as in any module."""
    with pytest.raises(AttributeError, match="module 'mfasession' has no attribute 'sesion'"):
        _ = getattr(mfasession, "sesion")  # noqa: B009  # as a typing mistake does at run time


def test_a_wrong_profile_is_reported_at_once(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    """Before any call to AWS, with the nearest name."""
    home.write_credentials(key_pair("work"))
    move_into(home, monkeypatch)
    with pytest.raises(mfasession.ConfigurationError) as caught:
        mfasession.session("wrok")
    assert (caught.value.message, caught.value.hint) == ("there is no profile wrok", "did you mean work?")


@pytest.mark.parametrize(
    ("given", "own", "region"),
    [(None, "eu-west-3", "eu-west-3"), ("us-west-2", "eu-west-3", "us-west-2"), (None, "", "eu-west-1")],
)
def test_the_region(home: Home, monkeypatch: pytest.MonkeyPatch, given: str | None, own: str, region: str) -> None:
    """The one that is given, else the profile's, else AWS_REGION, which boto3 alone does not know."""
    home.write_credentials(key_pair("work"))
    home.config.write_text(f"[profile work]\nregion = {own}\n")
    move_into(home, monkeypatch)
    assert mfasession.session("work", region=given).region_name == region


def test_a_region_of_the_environment(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    """AWS_DEFAULT_REGION wins over the profile's, as in boto3, unless `env` has set it for another profile."""
    home.write_credentials(key_pair("work"))
    home.config.write_text("[profile work]\nregion = eu-west-3\n")
    home.environ["AWS_DEFAULT_REGION"] = "us-east-2"
    move_into(home, monkeypatch)
    assert mfasession.session("work").region_name == "us-east-2"
    monkeypatch.setenv("MFASESSION_HOLDS", "/us-east-2 other")
    assert mfasession.session("work").region_name == "eu-west-3"


def test_the_codes_of_a_function() -> None:
    """Spaces are as good as in the prompt, and AWS is asked about the key before the function is."""
    order: list[str] = []

    def prepare() -> None:
        order.append("key")

    def code() -> str:
        order.append("code")
        return "123 456"

    assert CalledSource(code).ask(codes.CodeRequest(), on_waiting=prepare) == "123456"
    assert order == ["key", "code"]


@pytest.mark.parametrize("code", ["", "12345", "secret", "1234567"])
def test_an_invalid_code_is_not_quoted(code: str) -> None:
    """It may be a password or a seed."""
    with pytest.raises(mfasession.ConfigurationError) as caught:
        CalledSource(lambda: code).ask(codes.CodeRequest())
    assert caught.value.message == "the function given as code did not return six digits"
