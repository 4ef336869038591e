"""Where `aws` beside us would look: the profile, the region and the endpoint that both AWS CLIs take, and ours."""

from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler
from itertools import product

import pytest

from tests.helpers.checks import complaint
from tests.helpers.support import BIN, MFASESSION, SESSION_ID, Home, key_pair, need, session_section, web_server

PROFILES = ("default", "work", "other")
REGIONS = {"default": "", "work": "eu-north-1", "other": ""}
CLIS = {"1": str(BIN / "aws"), "2": "/usr/bin/aws"}
CONFLICT = complaint(
    "AWS_PROFILE is work and AWS_DEFAULT_PROFILE is other, and AWS tools disagree about which counts",
    "unset one of them, or name the profile: -p NAME",
)


@pytest.fixture
def three(home: Home) -> Home:
    """Three profiles with a session each, one of them with a region, and no region in the environment."""
    del home.environ["AWS_REGION"]
    home.environ |= {"AWS_EC2_METADATA_DISABLED": "true", "AWS_PAGER": ""}
    home.write_credentials("".join(key_pair(name) + session_section(f"{name}-mfa") for name in PROFILES))
    headers = {"default": "[default]"} | {name: f"[profile {name}]" for name in PROFILES[1:]}
    home.config.write_text(
        "".join(f"{headers[name]}\nregion = {region}\n" for name, region in REGIONS.items() if region)
    )
    return home


def taken(home: Home, *words: str, environ: dict[str, str]) -> dict[str, str]:
    """What `aws configure list` says of the profile and the region, run behind some words."""
    done = home.run_program(*words, "configure", "list", environ=environ)
    assert done.returncode == 0, done.stderr
    rows = [line.replace(" : ", " ").split() for line in done.stdout.splitlines()]
    return {row[0]: "" if "not" in row[1] or "None" in row[1] else row[1] for row in rows if row}


@pytest.mark.parametrize("version", CLIS)
@pytest.mark.parametrize("own", list(product(("", "us-east-1"), ("", "us-west-2"))), ids=str)
def test_the_region_is_the_one_that_aws_takes(three: Home, version: str, own: tuple[str, str]) -> None:
    """AWS_REGION, AWS_DEFAULT_REGION and the profile's: the CLI 1 and boto3 do not know the first."""
    aws = need(CLIS[version])
    environ = {name: value for name, value in zip(("AWS_REGION", "AWS_DEFAULT_REGION"), own, strict=True) if value}
    for name in ("work", "other"):
        beside = taken(three, aws, environ={**environ, "AWS_PROFILE": name})
        ours = taken(three, MFASESSION, "exec", "-p", name, "--", aws, environ=environ)
        assert ours["region"] == beside["region"]
        inside = taken(
            three, MFASESSION, "exec", "-p", "work", "--", MFASESSION, "exec", "-p", name, "--", aws, environ=environ
        )
        assert inside["region"] == beside["region"]


def test_a_region_of_the_default_profile_alone(three: Home) -> None:
    """Beside us it is not taken for another profile; where no variable can keep it away, it is said."""
    three.config.write_text("[default]\nregion = eu-west-1\n[profile other]\noutput = json\n")
    aws = need(CLIS["2"])
    note = (
        "mfasession: profile other has no region, and programs take that of the default profile: eu-west-1\n"
        "  hint: aws configure set region eu-west-1 --profile other, or another region\n"
    )
    assert taken(three, aws, environ={"AWS_PROFILE": "other"})["region"] == ""
    done = three.run("exec", "-p", "other", "--", "true")
    assert (done.returncode, done.stderr) == (0, note)
    done = three.run("env", "-p", "other", "--shell", "sh")
    assert (done.returncode, done.stderr) == (0, note)
    done = three.run("exec", "-p", "other", "-p", "default", "--", "true")
    assert (done.returncode, done.stderr.count(note)) == (0, 1)
    assert taken(three, MFASESSION, "exec", "-p", "other", "--server", "--", aws, environ={})["region"] == ""
    for name, variable in (("default", ""), ("other", "us-west-2")):
        environ = {"AWS_DEFAULT_REGION": variable} if variable else {}
        done = three.run_program(MFASESSION, "exec", "-p", name, "--", "true", environ=environ)
        assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("version", CLIS)
def test_the_profile_is_the_one_that_aws_takes(three: Home, version: str) -> None:
    """boto/botocore#1725: AWS_DEFAULT_PROFILE, too; where the two CLIs disagree we refuse, and name both."""
    aws = need(CLIS[version])
    asked = (MFASESSION, "exec", "--", "printenv", "MFASESSION_PROFILE")
    for environ in ({"AWS_PROFILE": "work"}, {"AWS_DEFAULT_PROFILE": "work"}, {}):
        ours = three.run_program(*asked, environ=environ).stdout.strip()
        assert ours == (taken(three, aws, environ=environ)["profile"] if environ else "default")
    both = {"AWS_PROFILE": "work", "AWS_DEFAULT_PROFILE": "other"}
    assert taken(three, aws, environ=both)["profile"] == ("other" if version == "1" else "work")
    for words in (("login",), ("env",), ("exec", "--", "true"), ("process",), ("logout",)):
        done = three.run(*words, environ=both)
        assert (done.returncode, done.stderr) == (3, CONFLICT)
        assert three.run(*words[:1], "-p", "work", *words[1:], environ=both).returncode == 0


LATER = """
eval "$(mfasession env)"
mfasession exec -- printenv MFASESSION_PROFILE
export AWS_PROFILE=work
mfasession exec -- printenv MFASESSION_PROFILE
eval "$(mfasession env)"
echo $MFASESSION_PROFILE ${AWS_PROFILE-gone}
export AWS_DEFAULT_PROFILE=other
mfasession exec -- printenv MFASESSION_PROFILE
export MFASESSION_PROFILE=default
mfasession exec -- printenv MFASESSION_PROFILE
mfasession exec -p work -- printenv MFASESSION_PROFILE
mfasession exec -p work -- env AWS_PROFILE=other mfasession exec -- printenv MFASESSION_PROFILE
unset MFASESSION_PROFILE AWS_DEFAULT_PROFILE
mfasession exec -- printenv MFASESSION_PROFILE
"""


def test_the_newest_word_counts(three: Home) -> None:
    """What `env` and `exec` have left is not the user's choice: an AWS_PROFILE behind it is."""
    done = three.run_program("bash", "-c", LATER)
    assert done.stderr == ""
    assert done.stdout.splitlines() == [
        "default", "work", "work gone", "other", "default", "work", "other", "default",
    ]  # fmt: skip


def test_unset_leaves_the_users_own_region(three: Home) -> None:
    """What `env` did not set it does not take back."""
    line = f'eval "$({MFASESSION} env -p work)"; eval "$({MFASESSION} env --unset)"; env'
    done = three.run_program("bash", "-euc", line, environ={"AWS_REGION": "us-east-1"})
    left = dict(shown.partition("=")[::2] for shown in done.stdout.splitlines())
    assert left["AWS_REGION"] == "us-east-1"
    assert not {"AWS_DEFAULT_REGION", "MFASESSION_HOLDS", "MFASESSION_PROFILE"} & set(left)


@contextmanager
def hosts_asked() -> Iterator[tuple[str, list[str]]]:
    """A proxy that lets nothing through, and notes the host of each request or tunnel that it is asked for."""
    seen: list[str] = []

    class Proxy(BaseHTTPRequestHandler):
        def refuse(self) -> None:
            seen.append(self.path.removeprefix("http://").partition("/")[0] or self.headers["Host"])
            self.send_error(403)

        do_CONNECT = do_POST = do_GET = refuse  # noqa: N815  # as http.server calls them

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with web_server(Proxy) as url:
        yield url, seen


PLACES: tuple[dict[str, str], ...] = (
    {},
    {"AWS_REGION": "us-east-1"},
    {"AWS_DEFAULT_REGION": "us-east-1"},
    {"AWS_DEFAULT_REGION": "eu-west-3"},
    {"AWS_USE_FIPS_ENDPOINT": "true", "AWS_DEFAULT_REGION": "us-east-1"},
    {"AWS_USE_DUALSTACK_ENDPOINT": "true"},
    {"AWS_STS_REGIONAL_ENDPOINTS": "legacy"},
    {"AWS_ENDPOINT_URL": "https://all.example"},
    {"AWS_ENDPOINT_URL": "https://all.example", "AWS_ENDPOINT_URL_STS": "https://sts.example"},
    {"AWS_ENDPOINT_URL_IAM": "https://iam.example"},
    {"AWS_ENDPOINT_URL": "https://all.example", "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "true"},
)


@pytest.mark.parametrize("environ", PLACES, ids=str)
def test_a_code_goes_where_aws_would_send_it(home: Home, environ: dict[str, str]) -> None:
    """GetSessionToken by us and by the AWS CLI with the same botocore, each through a proxy that sees the host."""
    del home.environ["AWS_REGION"], home.environ["AWS_ENDPOINT_URL"]
    home.write_credentials(key_pair("work"))
    home.config.write_text(
        "[profile work]\nregion = us-east-1\nmfa_serial = arn:aws:iam::123456789012:mfa/phone\nmax_attempts = 1\n"
    )
    asked: list[list[str]] = []
    for words in (
        [str(BIN / "aws"), "sts", "get-session-token", "--profile", "work"],
        [MFASESSION, "login", "-p", "work", "--code", "123456"],
    ):
        with hosts_asked() as (proxy, seen):
            done = home.run_program(*words, environ={**environ, "HTTPS_PROXY": proxy, "AWS_MAX_ATTEMPTS": "1"})
            assert done.returncode != 0
        asked.append(sorted(set(seen)))
    assert asked[0] == asked[1]
    assert asked[0]


def test_a_named_region_is_taken_back(three: Home) -> None:
    """`env --region` replaces the user's own AWS_REGION, and the next `env` and `--unset` restore it."""
    line = f"""
    eval "$({MFASESSION} env -p work --region us-east-2)"; echo $AWS_REGION $AWS_DEFAULT_REGION
    eval "$({MFASESSION} env -p work)"; echo $AWS_REGION
    eval "$({MFASESSION} env -p work --region us-east-2)"
    eval "$({MFASESSION} env --unset)"; echo $AWS_REGION ${{AWS_DEFAULT_REGION-}}
    """
    done = three.run_program("bash", "-euc", line, environ={"AWS_REGION": "us-east-1"})
    assert done.stdout == "us-east-2 us-east-2\nus-east-1\nus-east-1\n", done.stderr


def test_the_session_is_the_profiles(three: Home) -> None:
    """And the keys go with it."""
    done = three.run("exec", "-p", "other", "--", "printenv", "AWS_ACCESS_KEY_ID")
    assert done.stdout == f"{SESSION_ID}\n"
