"""From names and files to one Profile: decisions on values."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mfasession import profiles
from mfasession.config import Config, ProfileSettings
from mfasession.errors import ConfigurationError
from mfasession.profiles import fits, listing
from mfasession.values import Role, Secret, Session

KEY = {"aws_access_key_id": "AKIAALICEALICEALICE", "aws_secret_access_key": "s"}
MANAGED = {
    "manager": "mfasession",
    "aws_access_key_id": "ASIAXASIAXASIAXASIAX",
    "aws_secret_access_key": "t",
    "aws_session_token": "u",
}


class Sections:
    """The AWS files as two dicts."""

    def __init__(self, credentials: dict[str, dict[str, str]], config: dict[str, dict[str, str]] | None = None) -> None:
        self._credentials, self._config = credentials, config or {}

    def credentials(self, section: str) -> dict[str, str] | None:
        """A section of the credentials file."""
        return self._credentials.get(section)

    def profile(self, name: str) -> dict[str, str] | None:
        """The merged keys of a profile."""
        if name not in self._credentials and name not in self._config:
            return None
        return {**self._config.get(name, {}), **self._credentials.get(name, {})}

    def misplaced(self, _name: str) -> tuple[str, str, str] | None:
        """No header is wrong here."""
        return None

    def profile_names(self) -> list[str]:
        """All names."""
        return [*self._config, *self._credentials]


@pytest.mark.parametrize(
    ("option", "environ", "configured", "expected"),
    [
        ("p", {"MFASESSION_PROFILE": "m", "AWS_PROFILE": "a"}, "c", "p"),
        ("", {"MFASESSION_PROFILE": "m", "AWS_PROFILE": "a"}, "c", "m"),
        ("", {"AWS_PROFILE": "a"}, "c", "a"),
        ("", {"AWS_PROFILE": ""}, "c", "c"),
        ("", {"AWS_DEFAULT_PROFILE": "d"}, "c", "d"),
        ("", {"AWS_DEFAULT_PROFILE": "d", "AWS_PROFILE": ""}, "c", "d"),
        ("", {"AWS_DEFAULT_PROFILE": "a", "AWS_PROFILE": "a"}, "c", "a"),
        ("p", {"AWS_DEFAULT_PROFILE": "d", "AWS_PROFILE": "a"}, "c", "p"),
        ("", {"MFASESSION_PROFILE": "m", "AWS_DEFAULT_PROFILE": "d", "AWS_PROFILE": "a"}, "c", "m"),
        ("", {"MFASESSION_PROFILE": "m", "MFASESSION_HOLDS": "/ m"}, "c", "m"),
        ("", {"MFASESSION_PROFILE": "m", "MFASESSION_HOLDS": "r/r m", "AWS_PROFILE": "a"}, "c", "a"),
        ("", {"MFASESSION_PROFILE": "n", "MFASESSION_HOLDS": "/ m", "AWS_PROFILE": "a"}, "c", "n"),
        ("", {}, "", "default"),
    ],
)
def test_profile_choice_follows_the_contract(
    option: str, environ: dict[str, str], configured: str, expected: str
) -> None:
    """-p, MFASESSION_PROFILE, AWS_PROFILE, default_profile, default."""
    assert profiles.chosen(option, environ, Config(default_profile=configured)) == expected


def test_a_key_pair_alone_is_enough() -> None:
    """Zero configuration: `[default]` and nothing else."""
    profile = profiles.resolve("default", Sections({"default": KEY}), Config())
    assert profile.key is not None
    assert profile.key.access_key_id == "AKIAALICEALICEALICE"
    assert (profile.session_section, profile.mfa_serial, profile.role) == ("default-mfa", "", None)


def test_a_managed_section_means_its_source() -> None:
    """AWS_PROFILE=default-mfa and mfasession: the profile is default."""
    sections = Sections({"default": KEY, "default-mfa": MANAGED})
    assert profiles.resolve("default-mfa", sections, Config()).name == "default"


def test_a_managed_section_of_another_name_means_its_source() -> None:
    """session_profile = "short" of profile work."""
    sections = Sections({"work": KEY, "short": MANAGED})
    config = Config(profiles={"work": ProfileSettings(session_profile="short")})
    assert profiles.resolve("short", sections, config).name == "work"


def test_the_long_term_section_of_aws_mfa() -> None:
    """`[work-long-term]` holds the key, `[work]` the session: the layout that aws-mfa leaves."""
    sections = Sections(
        {"work-long-term": {**KEY, "mfa_serial": "arn:x"}, "work": MANAGED}, {"work": {"region": "eu-north-1"}}
    )
    config = Config(profiles={"work": ProfileSettings(source="work-long-term", session_profile="work")})
    profile = profiles.resolve("work", sections, config)
    assert profile.key is not None
    assert (profile.key.access_key_id, profile.session_section) == ("AKIAALICEALICEALICE", "work")
    assert (profile.region, profile.mfa_serial) == ("eu-north-1", "arn:x")


@pytest.mark.parametrize(
    ("credentials", "config", "name", "part"),
    [
        ({"default": KEY}, {}, "defualt", "there is no profile defualt"),
        ({}, {}, "default", "there is no profile default"),
        ({"default": {"aws_access_key_id": "AKIAXAKIAXAKIAXAKIAX"}}, {}, "default", "half a key pair"),
        ({"default": {"aws_secret_access_key": "s"}}, {}, "default", "half a key pair"),
        ({"default": {**KEY, "aws_access_key_id": "ASIAXASIAXASIAXASIAX"}}, {}, "default", "temporary credentials"),
        ({"default": {**KEY, "aws_session_token": "t"}}, {}, "default", "aws_session_token beside"),
        ({"default": KEY}, {"default": {"role_arn": "arn:r"}}, "default", "no source_profile"),
        ({"default": KEY}, {"default-mfa": {"role_arn": "arn:r"}}, "default", "would win over the session"),
        (
            {},
            {"a": {"role_arn": "r", "source_profile": "b"}, "b": {"role_arn": "r", "source_profile": "a"}},
            "a",
            "loop",
        ),
        ({"u": KEY}, {"a": {"role_arn": "r", "source_profile": "u", "duration_seconds": "9"}}, "a", "duration_seconds"),
        ({}, {"a": {"role_arn": "r", "source_profile": "gone"}}, "a", "source of profile a: there is no profile gone"),
        ({"u": KEY}, {"a": {"role_arn": "r", "source_profile": ""}}, "a", "no source_profile"),
        (
            {"a": KEY},
            {"a": {"role_arn": "r", "source_profile": "a"}, "a-user-mfa": {"role_arn": "r"}},
            "a",
            "profile a-user-mfa has a role_arn, which would win",
        ),
        ({}, {"a": {"role_arn": "r", "credential_source": "Environment"}}, "a", "(credential_source), not with yours"),
        ({"u": KEY}, {"a": {"role_arn": "r", "source_profile": "u", "credential_source": "x"}}, "a", "of this machine"),
        ({}, {"a": {"role_arn": "r", "web_identity_token_file": "/t"}}, "a", "a web identity token"),
        ({}, {"a": {"sso_session": "s", "sso_account_id": "1"}}, "a", "IAM Identity Center"),
        (
            {},
            {"a": {"role_arn": "r", "source_profile": "s"}, "s": {"sso_start_url": "u"}},
            "a",
            "profile s uses IAM Identity Center",
        ),
        ({}, {"a": {"login_session": "arn:x"}}, "a", "uses the AWS console sign-in"),
        (
            {"u": KEY},
            {
                "a": {"role_arn": "r", "source_profile": "b", "duration_seconds": "7200"},
                "b": {"role_arn": "r", "source_profile": "u"},
            },
            "a",
            "wants 7200 s of a role that another role assumes, and AWS allows 3600",
        ),
    ],
)
def test_invalid_profiles_are_configuration_errors(
    credentials: dict[str, dict[str, str]], config: dict[str, dict[str, str]], name: str, part: str
) -> None:
    """Every fault of the files is a ConfigurationError with a hint."""
    with pytest.raises(ConfigurationError) as caught:
        profiles.resolve(name, Sections(credentials, config), Config())
    assert part in caught.value.message
    assert caught.value.hint


def test_the_nearest_profile_is_offered() -> None:
    """A typing error is answered with the name that was meant."""
    with pytest.raises(ConfigurationError) as caught:
        profiles.resolve("prodution", Sections({"production": KEY, "work": KEY}), Config())
    assert caught.value.hint == "did you mean production?"


def test_mfa_serial_in_the_role_alone_serves_its_source() -> None:
    """99designs/aws-vault#525: the serial need not be repeated; what a role says binds no session of its source."""
    sections = Sections({"u": KEY}, {"admin": {"role_arn": "arn:r", "source_profile": "u", "mfa_serial": "arn:m"}})
    profile = profiles.resolve("admin", sections, Config())
    assert profile.source is not None
    assert (profile.source.mfa_serial, profile.source.suggested_serial) == ("", "arn:m")


@pytest.mark.parametrize(
    ("of_user", "of_role", "seconds", "asked"),
    [
        ("", "", 3600, ("", "")),
        ("arn:u", "", 3600, ("arn:u", "")),
        ("", "arn:r", 3600, ("", "arn:r")),
        ("arn:u", "arn:u", 3600, ("arn:u", "")),
        ("arn:u", "arn:r", 3600, ("arn:u", "")),
    ],
)
def test_the_device_that_gives_the_code(of_user: str, of_role: str, seconds: int, asked: tuple[str, str]) -> None:
    """99designs/aws-vault#648: the user's own device makes the session of all roles; a role's when he names none."""
    keys = {"role_arn": "arn:r", "source_profile": "b", "duration_seconds": str(seconds)}
    config = {
        "a": keys | ({"mfa_serial": of_role} if of_role else {}),
        "b": {"role_arn": "arn:b", "source_profile": "u"},
        "u": {"mfa_serial": of_user} if of_user else {},
    }
    profile = profiles.resolve("a", Sections({"u": KEY}, config), Config())
    assert profile.source is not None
    user = profile.source.source
    assert user is not None
    assert (user.mfa_serial, user.suggested_serial) == asked
    assert profile.mfa_serial == of_user


@pytest.mark.parametrize(("of_role", "serial"), [("arn:r", "arn:r"), ("", "arn:u")])
def test_a_long_role_takes_the_code_of_its_own_device(of_role: str, serial: str) -> None:
    """It goes straight from the key, as in the AWS CLI: the role's serial, else the user's."""
    role = {"role_arn": "arn:r", "source_profile": "u", "duration_seconds": "7200"}
    config = {"a": role | ({"mfa_serial": of_role} if of_role else {}), "u": {"mfa_serial": "arn:u"}}
    assert profiles.resolve("a", Sections({"u": KEY}, config), Config()).mfa_serial == serial


def _session(**changes: object) -> Session:
    fields: dict[str, object] = {
        "access_key_id": "ASIAXASIAXASIAXASIAX",
        "secret_access_key": Secret("s"),
        "session_token": Secret("t"),
        "expires": 50_000,
        "issued": 50_000 - 43_200,
        "key_id": "AKIAALICEALICEALICE",
        "mfa_serial": "arn:m",
    }
    return Session(**{**fields, **changes})  # type: ignore[arg-type]


def test_a_session_is_bound_to_its_key_device_and_role() -> None:
    """A change of any of the three makes the kept session void."""
    profile = profiles.resolve("default", Sections({"default": {**KEY, "mfa_serial": "arn:m"}}), Config())
    assert fits(_session(), profile)
    assert not fits(_session(key_id="AKIAOTHER"), profile)
    assert not fits(_session(mfa_serial="arn:other"), profile)
    assert not fits(_session(role_arn="arn:r"), profile)


@pytest.mark.parametrize(
    ("left", "margin", "min_ttl", "fresh"),
    [(901, 900, 0, True), (900, 900, 0, False), (0, 0, 0, False), (3600, 900, 3601, False), (3600, 900, 3600, True)],
)
def test_freshness(left: int, margin: int, min_ttl: int, *, fresh: bool) -> None:
    """More than the margin and at least min_ttl must be left."""
    assert _session().is_fresh(50_000 - left, margin, min_ttl) is fresh


def test_a_short_session_is_not_asked_for_at_once_again() -> None:
    """With 15 min of life and 15 min of margin every command would ask: the margin is a quarter of the life at most."""
    session = _session(issued=50_000 - 900)
    assert session.is_fresh(50_000 - 899, 900)
    assert not session.is_fresh(50_000 - 225, 900)


@pytest.mark.parametrize(
    ("process", "meant"),
    [
        ("/usr/bin/mfasession process -p key", "key"),
        ("mfasession process --profile key --no-input", "key"),
        ("mfasession --profile=key process", "key"),
        ('"/my tools/mfasession" process -p "key"', "key"),
        ("/venv/bin/python -I /venv/bin/mfasession process -p key", "key"),
        ("/venv/bin/python3.11 -I -X utf8=1 /venv/bin/mfasession process -p key", "work"),
        ("python3 -I -m mfasession process --profile key", "key"),
        ("python -I /venv/bin/aws-vault process -p key", "work"),
        ("mfasession process -p work", "work"),
        ("mfasession process", "work"),
        ("mfasession process -p", "work"),
        ("mfasession 'process -p key", "work"),
        ("other-mfasession process -p key", "work"),
        ("aws-vault exec -p key", "work"),
    ],
)
def test_a_profile_whose_credential_process_runs_us(process: str, meant: str) -> None:
    """Without a key of its own it means the profile that we are run for; what cannot be read means itself."""
    sections = Sections({"key": KEY}, {"work": {"credential_process": process}})
    profile = profiles.resolve("work", sections, Config())
    assert profile.name == meant
    assert profile.serves_itself is (process == "mfasession process -p work")
    kept = profiles.resolve(
        "work", Sections({"key": KEY, "work": KEY}, {"work": {"credential_process": process}}), Config()
    )
    assert kept.name == "work"
    own = Config(profiles={"work": ProfileSettings(session_profile="elsewhere")})
    assert profiles.resolve("work", sections, own).name == "work"


def test_a_role_on_its_own_key() -> None:
    """source_profile naming the profile itself: the user's session is kept beside the role's, under another name."""
    keys = {**KEY, "role_arn": "arn:r", "source_profile": "work", "mfa_serial": "arn:m", "region": "eu-west-1"}
    profile = profiles.resolve("work", Sections({"work": keys}), Config())
    assert profile.source is not None
    assert profile.role is not None
    assert (profile.session_section, profile.source.session_section) == ("work-mfa", "work-user-mfa")
    assert profile.source.role is None
    assert profile.source.key == profile.key
    assert (profile.source.mfa_serial, profile.source.region, profile.role.arn) == ("arn:m", "eu-west-1", "arn:r")


def test_a_chain_of_roles() -> None:
    """A role on a role on a user: the key at its end, each with its own section."""
    config = {
        "a": {"role_arn": "arn:a", "source_profile": "b", "external_id": "42", "role_session_name": "me"},
        "b": {"role_arn": "arn:b", "source_profile": "u", "duration_seconds": "900", "region": "eu-west-1"},
    }
    profile = profiles.resolve("a", Sections({"u": {**KEY, "mfa_serial": "arn:m"}}, config), Config())
    assert profile.source is not None
    assert profile.source.source is not None
    assert profile.role == Role(arn="arn:a", external_id="42", session_name="me")
    assert profile.source.role == Role(arn="arn:b", duration=900)
    assert profile.key_section == "u"
    assert [each.region for each in (profile, profile.source, profile.source.source)] == ["eu-west-1", "eu-west-1", ""]
    assert profile.mfa_serial == "arn:m"


@pytest.mark.parametrize(("name", "other"), [("a", "u"), ("a", "b")])
def test_a_role_may_not_take_its_sources_place(name: str, other: str) -> None:
    """One would void the other, and every command would ask for a code again."""
    config = {
        "a": {"role_arn": "arn:a", "source_profile": "b"},
        "b": {"role_arn": "arn:b", "source_profile": "u"},
    }
    settings = Config(profiles={name: ProfileSettings(session_profile=f"{other}-mfa")})
    with pytest.raises(ConfigurationError) as caught:
        profiles.resolve(name, Sections({"u": KEY}, config), settings)
    assert (
        caught.value.message
        == f"profiles {name} and {other} would store their sessions in the same section, [{other}-mfa]"
    )
    assert caught.value.hint == 'choose another one: session_profile = "…" below [profiles.a]'


@pytest.mark.parametrize(
    ("name", "section", "source"), [("work", "work-mfa", "work"), ("short", "short", "long"), ("x-mfa", "x-mfa", "x")]
)
def test_the_kind_is_guessed_from_the_name(name: str, section: str, source: str) -> None:
    """`logout` needs no more: it works though the key is gone or the files are wrong."""
    config = Config(profiles={"long": ProfileSettings(session_profile="short")})
    found = listing.unresolved(name, Sections({"short": MANAGED, "x-mfa": MANAGED}), config)
    assert (found.name, found.session_section) == (source, section)


def test_the_profiles_are_named_when_none_is_near() -> None:
    """Eight of them, and never the sections that are sessions."""
    sections = Sections({**{f"team{number}": KEY for number in range(9)}, "default-mfa": MANAGED})
    with pytest.raises(ConfigurationError) as caught:
        profiles.resolve("x", sections, Config())
    assert caught.value.hint == "profiles: team0, team1, team2, team3, team4, team5, team6, team7, …"


NAMES = ("a", "b", "c", "a-mfa")
values = st.sampled_from(
    (
        *NAMES,
        "",
        "AKIAXAKIAXAKIAXAKIAX",
        "ASIAXASIAXASIAXASIAX",
        "900",
        "99",
        "mfasession",
        "mfasession process -p b",
        "it's",
    )
)
keys = st.dictionaries(
    st.sampled_from(
        (*KEY, "role_arn", "source_profile", "credential_process", "manager", "duration_seconds", "region")
    ),
    values,
    max_size=4,
)
files = st.dictionaries(st.sampled_from(NAMES), keys, max_size=4)
configured = st.dictionaries(
    st.sampled_from(NAMES),
    st.builds(
        ProfileSettings,
        source=st.sampled_from(("", *NAMES)),
        session_profile=st.sampled_from(("", *NAMES)),
        store=values,
    ),
    max_size=2,
)


@given(st.sampled_from(NAMES), files, files, configured)
def test_any_files_give_a_profile_or_an_error(
    name: str,
    credentials: dict[str, dict[str, str]],
    config: dict[str, dict[str, str]],
    settings: dict[str, ProfileSettings],
) -> None:
    """Loops of sources, roles, processes and sections end, and nothing but a ConfigurationError comes out."""
    try:
        profile = profiles.resolve(name, Sections(credentials, config), Config(profiles=settings))
    except ConfigurationError:
        return
    seen = set()
    while profile.source is not None:
        assert profile.role is not None
        assert profile.session_section not in seen
        seen.add(profile.session_section)
        profile = profile.source
    assert profile.role is None
    assert profile.key is None or profile.key.access_key_id
