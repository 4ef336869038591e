"""The text of config.toml: every key, every wrong value, and the words that fix it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mfasession.config import ProfileSettings, schema
from mfasession.errors import ConfigurationError

WHOLE = """
default_profile = "work"
store = "keyring"
duration = "8h"
keys_in = "encrypted-file"
refresh_margin = 600
code = { command = ["ykman", "oath", "accounts", "code", "-s", "A W S"] }

[profiles.work]
mfa_serial = "arn:aws:iam::123456789012:mfa/phone"
source = "work-long-term"
session_profile = "work"
store = "file"

[profiles."a b"]
"""

CODES = (
    "code: must be one of 1password, bitwarden, gopass, kdialog, keepassxc, oathtool, osascript, pass, pinentry, "
    'prompt, totp, ykman, zenity or { command = ["…"] }'
)
FIREFOX = '{ command = ["firefox", "-P", "work", "%s"] }'
KNOWN_KEYS = (
    "known keys: allow_http_endpoint, browser, code, default_profile, duration, keys_in, profiles, refresh_margin, "
    "store"
)


def fault_of(text: str) -> ConfigurationError | None:
    """Why a text is refused, if it is."""
    try:
        schema.read("c.toml", text)
    except ConfigurationError as fault:
        return fault
    return None


def refusal(text: str) -> ConfigurationError:
    """Why a text is refused."""
    fault = fault_of(text)
    assert fault is not None
    return fault


def test_every_key() -> None:
    """All that may be set, for all profiles and for one; durations become seconds."""
    assert schema.read("c.toml", WHOLE) == {
        ("default_profile",): "work",
        ("store",): "keyring",
        ("keys_in",): "encrypted-file",
        ("duration",): 8 * 3600,
        ("refresh_margin",): 600,
        ("code",): ("command", "ykman", "oath", "accounts", "code", "-s", "A W S"),
        ("profiles", "work"): "",
        ("profiles", "work", "mfa_serial"): "arn:aws:iam::123456789012:mfa/phone",
        ("profiles", "work", "source"): "work-long-term",
        ("profiles", "work", "session_profile"): "work",
        ("profiles", "work", "store"): "file",
        ("profiles", "a b"): "",
    }


def test_an_empty_text_sets_nothing() -> None:
    """A file of comments is a configuration too."""
    assert schema.read("c.toml", "# nothing\n") == {}


def test_every_setting_of_a_profile_can_be_written() -> None:
    """No setting exists in the code alone."""
    assert {*schema._SETTINGS, *schema._PROFILE_ONLY} == set(ProfileSettings.__fields__)


@pytest.mark.parametrize(
    ("line", "value"),
    [
        ('duration = "15m"', 900),
        ('duration = "36h"', 129_600),
        ("duration = 900", 900),
        ('duration = "1h30m"', 5400),
        ("refresh_margin = 0", 0),
        ('refresh_margin = "12h"', 43_200),
        ('code = "prompt"', "prompt"),
        ('code = "pinentry"', "pinentry"),
        ('code = "totp"', "totp"),
        ('code = { command = ["oathtool"] }', ("command", "oathtool")),
        ('browser = { command = ["firefox", "-P", "a b"] }', ("firefox", "-P", "a b")),
        ('code = "ykman"', "ykman"),
        ('code = { preset = "ykman", account = "a" }', ("ykman", "account", "a")),
        ('code.command = ["op", ""]', ("command", "op", "")),
        ('store = "file"', "file"),
    ],
)
def test_values_that_a_key_may_have(line: str, value: object) -> None:
    """The edges of the ranges, and every way to spell a value."""
    (read,) = schema.read("c.toml", line).values()
    assert read == value


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("default_profile = 1", "default_profile: must be a text"),
        ('default_profile = ""', "default_profile: must be a text"),
        ('default_profile = "a\\nb"', "default_profile: must be a text"),
        ("store = true", "store: must be one of file, kernel, keyring"),
        ("keys_in = 'kering'", "keys_in: must be one of encrypted-file, file, keyring (did you mean keyring?)"),
        ("store = []", "store: must be one of file, kernel, keyring"),
        ('store = "keyrng"', "store: must be one of file, kernel, keyring (did you mean keyring?)"),
        ("duration = 12.5", 'duration: must be a duration such as "12h"'),
        ("duration = true", 'duration: must be a duration such as "12h"'),
        ("duration = 2026-11-24", 'duration: must be a duration such as "12h"'),
        ('duration = "soon"', "duration: 'soon' is not a duration"),
        ("duration = -900", "duration: '-900' is not a duration"),
        ("duration = 899", "duration: must be from 15 min to 36 h"),
        ('duration = "37h"', "duration: must be from 15 min to 36 h"),
        ('refresh_margin = "13h"', "refresh_margin: must be from 0 s to 12 h"),
        ('code = "ykmann"', f"{CODES} (did you mean ykman?)"),
        ("code = 123456", CODES),
        ('code = ["ykman"]', CODES),
        ('browser = "firefox"', f"browser: must be a command, as in {FIREFOX}"),
        ("browser = { command = [] }", f"browser: command must be a list of words, as in {FIREFOX}"),
        ('browser = { command = "firefox" }', f"browser: command must be a list of words, as in {FIREFOX}"),
        ('browser = { command = ["a"], wait = 1 }', f"browser: must be a command, as in {FIREFOX}"),
        (
            'code = { command = ["a"], timeout = 1 }',
            CODES,
        ),
        *(
            (
                f"code = {{ command = {words} }}",
                'code: command must be a list of words, as in { command = ["ykman", "oath", "accounts", "code"] }',
            )
            for words in ('"ykman oath"', "[]", '[""]', "[1]", '["a\\u0000b"]')
        ),
    ],
)
def test_a_wrong_value_is_named(line: str, message: str) -> None:
    """The file, the key and what it may be; the hint names the key to fix, below a profile with its path."""
    own = refusal(line)
    key = message.partition(":")[0]
    assert (own.message, own.hint) == (f"c.toml: {message}", f"fix {key} in c.toml")
    if key != "default_profile":
        below = refusal(f"[profiles.work]\n{line}")
        assert below.message == f"c.toml: profiles.work.{message}"
        assert below.hint == f"fix profiles.work.{key} in c.toml"


@pytest.mark.parametrize(
    ("text", "message", "hint"),
    [
        ("durations = 1", "unknown key durations", "did you mean duration?"),
        ("profile = 1", "unknown key profile", "did you mean profiles?"),
        ("default-profile = 1", "unknown key default-profile", "did you mean default_profile?"),
        (
            "zzz = 1",
            "unknown key zzz",
            KNOWN_KEYS,
        ),
        (
            'mfa_serial = "x"',
            "unknown key mfa_serial",
            "mfa_serial belongs to one profile: put it below [profiles.NAME]",
        ),
        ("[profiles.work]\nmfa_seriel = 1", "unknown key profiles.work.mfa_seriel", "did you mean mfa_serial?"),
        (
            "[profiles.work]\ndefault_profile = 1",
            "unknown key profiles.work.default_profile",
            "default_profile is for all: put it above the first [profiles.NAME]",
        ),
        ("[profiles.work.more]\na = 1", "unknown key profiles.work.more", "did you mean store?"),
    ],
)
def test_an_unknown_key_is_an_error_that_names_the_nearest(text: str, message: str, hint: str) -> None:
    """A typing error never passes in silence."""
    refused = refusal(text)
    assert refused.message == f"c.toml: {message}"
    assert refused.hint == hint


@pytest.mark.parametrize("text", ["profiles = 1", "profiles = []", "[[profiles]]\na = 1", "[profiles]\nwork = 1"])
def test_profiles_are_tables(text: str) -> None:
    """Anything else below `profiles` is answered with how to write it."""
    refused = refusal(text)
    assert refused.message == "c.toml: profiles must be a table a profile"
    assert refused.hint == "write [profiles.NAME] and its keys below"


@pytest.mark.parametrize(
    "text",
    [
        'store = "hush',
        "hush",
        "store = hush",
        'a = "hush"\na = "hush"',
        "[profiles.a]\n[profiles.a]\n",
        "a = " + "[" * 5000,
        "a = 2026-02-31",
        "duration = " + "9" * 5000,
        'duration = "' + "9" * 5000 + 'h"',
        'a = "\x00"',
        "\ufeffstore = 1",
    ],
    ids=range(11),
)
def test_invalid_toml_is_reported_in_one_line_without_quoting(text: str) -> None:
    """The place of the fault, and nothing of what stands there."""
    refused = refusal(text)
    assert refused.message.startswith(("c.toml is not TOML: ", "c.toml: duration: "))
    assert "hush" not in refused.message + refused.hint
    assert "\n" not in refused.message
    assert len(refused.message) < 200
    assert refused.hint


toml_lines = st.sampled_from(
    (*WHOLE.splitlines(), "duration = 1", "x = 1", "[profiles]", "[[profiles]]", "[profiles.a.b]", "store.x = 1", "é")
)


@given(st.one_of(st.text(max_size=60), st.lists(toml_lines, max_size=6).map("\n".join)))
def test_any_text_is_read_or_refused(text: str) -> None:
    """Whatever a file holds, the answer is entries or one ConfigurationError."""
    fault = fault_of(text)
    if fault is None:
        assert all(isinstance(value, str | int | tuple) for value in schema.read("c.toml", text).values())
    else:
        assert fault.message.startswith("c.toml")
        assert "\n" not in fault.message
        assert fault.hint
