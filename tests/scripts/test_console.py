"""`mfasession console`: who is signed in where and for how long, what it costs, and what is said when it cannot be."""

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from mfasession.sandbox import Sandbox, SandboxRole, SandboxUser
from mfasession.timestamps import show
from tests.helpers.browsing import Browser, program
from tests.helpers.checks import asked, complaint, have_session, section
from tests.helpers.faults.hostile_aws import Body, answering
from tests.helpers.listener import listening
from tests.helpers.patience import wait_for
from tests.helpers.support import MFASESSION, Home, need
from tests.scripts.test_roles import age, profile

KEEP = "mfasession: anyone with this address is signed in, for 15 minutes: keep it secret\n"
USERS = "is a user's, and AWS signs no user's session in to the console, only a role's"
BY_HAND = "sign in by hand, with your password and a code"
AGAIN = "look at the network, then run it again"
BY_PRINT = "run it again with --print, and open the printed address"


@pytest.fixture
def admin(aws: Sandbox, alice: SandboxUser) -> SandboxRole:
    """A role that trusts Alice, for twelve hours at most."""
    return aws.add_role(f"admin-{alice.name}", trusted=[alice.arn], max_session_duration=43200)


@pytest.fixture
def live(aws: Sandbox, alices_home: Home, alice: SandboxUser, admin: SandboxRole) -> Home:
    """Alice's home with her session, and a profile for the role."""
    alices_home.config.write_text(profile("admin", admin.arn))
    have_session(alices_home, alice.devices[0])
    aws.forget_calls()
    return alices_home


def printed(home: Home, *words: str, environ: Mapping[str, str] | None = None, stdin: str = "") -> str:
    """The address that is printed for the role, and nothing else on stdout."""
    done = home.run("console", "-p", "admin", "--print", *words, environ=environ, stdin=stdin)
    assert done.returncode == 0, done.stderr
    assert done.stderr.startswith(KEEP)
    assert done.stdout.count("\n") == 1
    return done.stdout.strip()


def opened(home: Home, *words: str, environ: Mapping[str, str] | None = None) -> dict[str, Any]:
    """What the browser records that is started for the role: `argv`, `environ`, `passed` and `page`."""
    record = home.folder / "record"
    done = home.run("console", "-p", "admin", *words, environ={"BROWSER": program(record), **(environ or {})})
    assert (done.returncode, done.stdout) == (0, ""), done.stderr
    wait_for(record.exists)
    visit: dict[str, Any] = json.loads(record.read_text())
    return visit


def failed(home: Home, *words: str, environ: Mapping[str, str] | None = None) -> tuple[int, str]:
    """Exit code and message of a console that cannot be opened; no file is changed by it."""
    before = home.credentials.read_bytes()
    done = home.run("console", "-p", "admin", *words, environ=environ)
    assert done.stdout == ""
    assert home.credentials.read_bytes() == before
    return done.returncode, done.stderr


def durations(aws: Sandbox) -> list[str | None]:
    """What was asked for with each session that was brought: seconds, or none."""
    return [call.params.get("SessionDuration") for call in aws.calls("getSigninToken")]


def test_the_browser_is_signed_in(live: Home, admin: SandboxRole) -> None:
    """In the role, at the profile's region; the browser gets no secret in its arguments and no credentials at all."""
    secrets = {"AWS_SECRET_ACCESS_KEY": "canary", "AWS_SESSION_TOKEN": "canary", "MFASESSION_PROFILE": "x"}
    visit = opened(live, environ=secrets)
    assert f"assumed-role/{admin.name}/" in visit["page"]["text"]
    assert "<p>/console/home?region=eu-west-1</p>" in visit["page"]["text"]
    token = parse_qs(urlsplit(visit["passed"][1]).query)["SigninToken"][0]
    assert token not in " ".join(visit["argv"])
    assert re.fullmatch(r"http://127\.0\.0\.1:\d+/[\w-]{43}", visit["argv"][-1])
    assert not [name for name in visit["environ"] if name.startswith(("AWS_", "MFASESSION_"))]


def test_the_browser_has_our_callers_limit_of_open_files(live: Home) -> None:
    """The page's server raises its own: a program that uses select(2) would fail beyond 1,024 files."""
    record = live.folder / "record"
    line = f"ulimit -Sn 300; exec {MFASESSION} console -p admin"
    done = live.run_program("bash", "-c", line, environ={"BROWSER": program(record)})
    assert (done.returncode, done.stdout) == (0, ""), done.stderr
    wait_for(record.exists)
    assert json.loads(record.read_text())["files"][0] == 300


def test_the_page_is_there_once(live: Home) -> None:
    """Who reads the browser's arguments later finds nothing listening."""
    address = opened(live)["argv"][-1]

    def is_gone() -> bool:
        # The guard of its port ends a moment after it: until then nothing answers.
        with pytest.raises(OSError, match=r"Connection (refused|reset)") as caught:
            Browser().open(address)
        return "refused" in str(caught.value)

    wait_for(is_gone)


def test_the_message_names_the_console_and_its_end(live: Home) -> None:
    """One line: whose console it is, and until when."""
    done = live.run("console", "-p", "admin", environ={"BROWSER": program(live.folder / "record")})
    assert re.fullmatch(r"mfasession: console for admin until \d\d:\d\d( tomorrow)? \(1 h left\)\n", done.stderr)


def test_printed_alone(live: Home, admin: SandboxRole) -> None:
    """`--print` for another browser or machine: the address on stdout, no browser is looked for."""
    page = Browser().open(printed(live))
    assert f"assumed-role/{admin.name}/" in page.text


@pytest.mark.parametrize(
    ("words", "page"),
    [
        ((), "/console/home?region=eu-west-1"),
        (("--service", "ec2"), "/ec2/home?region=eu-west-1"),
        (("--path", "/s3/home"), "/s3/home?region=eu-west-1"),
        (("--path", "/s3/buckets/a?tab=b"), "/s3/buckets/a?tab=b&region=eu-west-1"),
        (("--path", "/s3/home?region=us-east-2", "--region", "eu-north-1"), "/s3/home?region=us-east-2"),
        (("--service", "ec2", "--region", "eu-north-1"), "/ec2/home?region=eu-north-1"),
    ],
)
def test_a_page_of_the_console(live: Home, words: tuple[str, ...], page: str) -> None:
    """A service, a path, a region: the browser ends there."""
    assert urlsplit(Browser().open(printed(live, *words)).url)._replace(scheme="", netloc="").geturl() == page


def test_another_role_is_signed_out_first(aws: Sandbox, live: Home, alice: SandboxUser) -> None:
    """99designs/aws-vault#721, Versent/saml2aws#707: without `--logout-first` AWS refuses the second role."""
    other = aws.add_role(f"other-{alice.name}", trusted=[alice.arn])
    browser = Browser()
    browser.open(printed(live))
    live.config.write_text(profile("admin", other.arn))
    assert "You must first log out" in browser.open(printed(live)).text
    assert f"assumed-role/{other.name}/" in browser.open(printed(live, "--logout-first")).text


def test_it_costs_no_code_and_has_its_whole_hour(aws: Sandbox, live: Home) -> None:
    """A kept session of the role that is nearly over must not shorten the console: AWS gives another."""
    assert live.run("process", "-p", "admin").returncode == 0
    age(live, "admin-mfa", 1000, aws)
    kept = live.credentials.read_bytes()
    ends = re.search(r"until (\S+)</p>", Browser().open(printed(live)).text)
    assert ends
    assert ends[1] > show(int(aws.clock.now()) + 3500)
    assert durations(aws) == [None]
    assert live.credentials.read_bytes() == kept


def test_a_kept_role_serves_when_its_source_has_expired(aws: Sandbox, live: Home) -> None:
    """It is good until it ends, and no question is asked."""
    assert live.run("process", "-p", "admin").returncode == 0
    age(live, "default-mfa", -10, aws)
    assert Browser().open(printed(live, "--no-input")).status == 200


def test_twelve_hours(aws: Sandbox, live: Home, alice: SandboxUser) -> None:
    """99designs/aws-vault#77: more than the session has takes a code of its own, and is kept nowhere."""
    kept = live.credentials.read_bytes()
    address = printed(live, "--duration", "12h", "--code", "-", stdin=alice.devices[0].next_code() + "\n")
    ends = re.search(r"until (\S+)</p>", Browser().open(address).text)
    assert ends
    assert ends[1] > show(int(aws.clock.now()) + 43100)
    assert durations(aws) == ["43200"]
    assert [call.params.get("DurationSeconds") for call in aws.calls("AssumeRole")] == ["3600"]
    assert live.credentials.read_bytes() == kept


def test_a_long_role_has_twelve_hours_by_itself(
    aws: Sandbox, live: Home, alice: SandboxUser, admin: SandboxRole
) -> None:
    """A role of more than an hour comes from the key anyway: its console takes no second code."""
    live.config.write_text(profile("admin", admin.arn, "duration_seconds = 7200"))
    have_session(live, alice.devices[0], "-p", "admin", steps=1)
    for words in ((), ("--duration", "1h")):
        assert Browser().open(printed(live, *words)).status == 200
    assert durations(aws) == ["43200", "3600"]


def test_twelve_hours_without_a_terminal(live: Home) -> None:
    """Exit code 6, and what would do without a code."""
    assert failed(live, "--print", "--duration", "12h") == (
        6,
        complaint(
            "12 h of the console take a code of their own: the session that is kept gives it an hour at most, and "
            "there is no terminal to ask for one",
            "leave --duration out, or give it: --code -",
        ),
    )


def test_twelve_hours_of_a_role_on_a_role(aws: Sandbox, live: Home, alice: SandboxUser, admin: SandboxRole) -> None:
    """No code makes them possible, and none is asked for; without them the console opens."""
    last = aws.add_role(f"last-{alice.name}", trusted=[admin.arn])
    live.config.write_text(profile("first", admin.arn) + profile("admin", last.arn, source="first"))
    assert failed(live, "--print", "--duration", "12h", "--code", alice.devices[0].next_code()) == (
        3,
        complaint(
            "AWS gives the console of a role that another role assumes no 12 h of its own",
            "leave --duration out: it lasts as long as the role's session",
        ),
    )
    assert f"assumed-role/{last.name}/" in Browser().open(printed(live)).text


@pytest.mark.parametrize(
    ("more", "hint"),
    [
        (
            (),
            f"name a role with --role-arn, or add a profile with a role_arn and source_profile = default; or {BY_HAND}",
        ),
        (("a",), f"mfasession console -p a; or {BY_HAND}"),
        (("a", "b"), f"mfasession console -p a (others: b); or {BY_HAND}"),
        (("a", "b b", "c", "d", "e", "f"), f"mfasession console -p a (others: b b, c, d, e, …); or {BY_HAND}"),
    ],
)
def test_the_roles_that_can_sign_in_are_named(
    aws: Sandbox, alices_home: Home, alice: SandboxUser, more: tuple[str, ...], hint: str
) -> None:
    """99designs/aws-vault#564, #784: no federation from a user's session, and GetFederationToken is denied."""
    names = "".join(profile(f'"{name}"', "arn:aws:iam::210987654321:role/x") for name in more)
    broken = profile("broken", "arn:aws:iam::210987654321:role/x", source="nobody")
    other = "[profile other]\naws_access_key_id = AKIAIOSFODNN7EXAMPLE\naws_secret_access_key = x\n"
    alices_home.config.write_text(broken + names + other + profile("its", "arn:aws:iam::1:role/x", source="other"))
    have_session(alices_home, alice.devices[0])
    aws.forget_calls()
    done = alices_home.run("console")
    assert (done.returncode, done.stdout, done.stderr) == (3, "", complaint(f"profile default {USERS}", hint))
    assert aws.calls() == []


def test_a_kept_role_is_named_once(live: Home) -> None:
    """Its session's own section does not count as another profile."""
    assert live.run("process", "-p", "admin").returncode == 0
    assert live.run("console").stderr.endswith(f"  hint: mfasession console -p admin; or {BY_HAND}\n")


def test_no_such_profile(live: Home) -> None:
    """With the nearest one."""
    done = live.run("console", "-p", "admni", "--print")
    assert (done.returncode, done.stderr) == (3, complaint("there is no profile admni", "did you mean admin?"))


@pytest.mark.parametrize("words", [(), ("--no-input",)])
def test_an_expired_session_without_a_terminal(aws: Sandbox, live: Home, words: tuple[str, ...]) -> None:
    """Exit code 6, and the login that is missing."""
    age(live, "default-mfa", -10, aws)
    reason = "--no-input was given" if words else "there is no terminal to ask for a code"
    assert failed(live, "--print", *words) == (
        6,
        complaint(f"the session of profile default has expired, and {reason}", "mfasession login -p default"),
    )


def test_a_given_code_makes_the_session_too(aws: Sandbox, live: Home, alice: SandboxUser) -> None:
    """In one command in the morning."""
    age(live, "default-mfa", -10, aws)
    address = printed(live, "--code", "-", stdin=alice.devices[0].next_code() + "\n")
    assert Browser().open(address).status == 200
    assert asked(aws, alice).count("GetSessionToken") == 1


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--service", "ec2", "--path", "/s3"), "--service and --path both name a page"),
        (("--path", "s3/home"), "--path: 's3/home' is not a path such as /s3/home"),
        (("--path", "/a b"), "--path: '/a b' is not a path such as /s3/home"),
        (("--service", "a/b"), "--service: 'a/b' is not a service such as ec2; to open a page, use --path"),
        (("--duration", "14m"), "--duration: '14m' is out of range: from 15 min to 12 h"),
        (("--duration", "13h"), "--duration: '13h' is out of range: from 15 min to 12 h"),
    ],
)
def test_a_wrong_command_line(live: Home, words: tuple[str, ...], message: str) -> None:
    """Exit code 2, before anything is asked."""
    code, said = failed(live, "--print", *words)
    assert (code, said.splitlines()[0]) == (2, f"mfasession: {message}")


@pytest.mark.parametrize("region", ["evil.example/", "eu-west-1.evil", "eu-west-1\n", "-", "EU-WEST-1", "eu west 1"])
def test_an_invalid_region(aws: Sandbox, live: Home, region: str) -> None:
    """It would be a part of the name of the host that gets the session's secret."""
    assert failed(live, "--print", environ={"AWS_REGION": region}) == (
        3,
        complaint("the region is not a region's name", "fix region or AWS_REGION, or give --region"),
    )
    code, said = failed(live, "--print", "--region", region)
    assert (code, said.partition("is not a region's name")[1]) == (2, "is not a region's name")
    assert aws.calls() == []


def test_a_region_of_another_partition(live: Home) -> None:
    """A role of AWS has no console in China."""
    assert failed(live, "--print", "--region", "cn-north-1") == (
        3,
        complaint(
            "region cn-north-1 is not in partition aws, where the role is",
            "fix region or AWS_REGION, or give --region",
        ),
    )


def test_a_session_that_aws_refuses(aws: Sandbox, live: Home) -> None:
    """Exit code 4: revoked, or made where AWS is another one."""
    assert live.run("process", "-p", "admin").returncode == 0
    age(live, "default-mfa", -10, aws)
    token = section(live.credentials, "admin-mfa")["aws_session_token"]
    live.write_credentials(live.credentials.read_text().replace(token, token[::-1]))
    assert failed(live, "--print") == (
        4,
        complaint(
            "AWS rejected this session for console sign-in (400): it was revoked, or it is of another partition",
            "mfasession login -p admin --force, then run it again",
        ),
    )


NOT_AWS = (
    5,
    complaint(
        "something other than AWS answered getSigninToken",
        "look for a sign-in portal or a proxy (HTTPS_PROXY, endpoint_url), then run it again",
    ),
)


@pytest.mark.parametrize(
    "answer",
    [
        Body(b"<html>Sign in to the hotel's network</html>"),
        Body(b""),
        Body(b"[" * 200_000),
        Body(b"[]"),
        Body(b"{}"),
        Body(b'{"SigninToken": 1}'),
        Body(b'{"SigninToken": ""}'),
        Body(b'{"SigninToken": "a\\r\\nSet-Cookie: b"}'),
        Body('{"SigninToken": "\u202e"}'.encode()),
        Body(b"", 302),
        Body(b"", 404),
        Body(b"x" * 1_000_000, repeats=2000),
    ],
    ids=lambda answer: f"{answer.status} {answer.content[:40]!r}",
)
def test_an_answer_that_is_not_awss(live: Home, answer: Body) -> None:
    """A portal, garbage, gigabytes, a token that would write headers: one line, and exit code 5."""
    with answering(getSigninToken=answer) as url:
        assert failed(live, "--print", environ={"AWS_ENDPOINT_URL_SIGNIN": url}) == NOT_AWS


@pytest.mark.parametrize(
    ("kind", "message", "hint"),
    [
        ("hang_up", "127.0.0.1 did not answer getSigninToken", AGAIN),
        ("lose_answer", "127.0.0.1 did not answer getSigninToken", AGAIN),
        ("error500", "AWS failed to answer getSigninToken (500)", "run it again in a moment"),
        ("throttle", "AWS is busy and refuses to answer now (throttled)", "wait a minute, then run it again"),
    ],
)
def test_asked_three_times(aws: Sandbox, live: Home, kind: str, message: str, hint: str) -> None:
    """What passes is waited for, what stays is reported."""
    aws.faults.add("getSigninToken", kind, times=2)
    assert Browser().open(printed(live)).status == 200
    aws.faults.add("getSigninToken", kind, times=9)
    aws.forget_calls()
    assert failed(live, "--print") == (5, complaint(message, hint))
    assert len(aws.calls("getSigninToken")) == 3


def test_a_slow_answer_is_waited_for(aws: Sandbox, live: Home) -> None:
    """Some seconds are no failure."""
    aws.faults.add("getSigninToken", "delay", seconds=2.0)
    assert Browser().open(printed(live)).status == 200
    assert len(aws.calls("getSigninToken")) == 1


def test_no_network(live: Home) -> None:
    """Who cannot be reached is named."""
    environ = {"AWS_ENDPOINT_URL_SIGNIN": "http://127.0.0.1:9"}
    assert failed(live, "--print", environ=environ) == (5, complaint("127.0.0.1 cannot be reached", AGAIN))


def test_an_endpoint_that_is_not_a_url(live: Home) -> None:
    """A mistake of the configuration."""
    assert failed(live, "--print", environ={"AWS_ENDPOINT_URL_SIGNIN": "signin"}) == (
        3,
        complaint("the endpoint_url is not a URL", "fix endpoint_url or AWS_ENDPOINT_URL"),
    )


@pytest.mark.parametrize(
    ("words", "host"),
    [
        ((), "eu-west-1.signin.aws.amazon.com"),
        (("--region", "us-east-1"), "signin.aws.amazon.com"),
        (("--logout-first",), "us-east-1.signin.aws.amazon.com"),
    ],
)
def test_the_sign_in_of_aws_itself(aws: Sandbox, live: Home, words: tuple[str, ...], host: str) -> None:
    """With an endpoint for STS alone the sign-in is the region's own, through the proxy that all calls take."""
    with listening(answer=b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n") as (port, heard):
        environ = {
            "AWS_ENDPOINT_URL": "",
            "AWS_ENDPOINT_URL_STS": aws.url,
            "HTTPS_PROXY": f"http://127.0.0.1:{port}",
            "NO_PROXY": "127.0.0.1",
        }
        code, said = failed(live, "--print", *words, environ=environ)
    assert (code, said.splitlines()[0]) == (5, "mfasession: the proxy did not let the request through")
    assert all(line.startswith(f"CONNECT {host}:443 ".encode()) for line in heard)
    assert heard


@pytest.mark.parametrize(
    "lines",
    ["endpoint_url = URL\n", "services = mine\n[services mine]\nsignin =\n  endpoint_url = URL\n"],
    ids=["all of AWS", "a service"],
)
def test_an_endpoint_of_the_profile(aws: Sandbox, live: Home, lines: str) -> None:
    """A session goes where the profile's other requests go, and no further."""
    live.config.write_text(live.config.read_text() + lines.replace("URL", aws.url))
    environ = {"AWS_ENDPOINT_URL": "", "AWS_ENDPOINT_URL_STS": aws.url}
    assert Browser().open(printed(live, environ=environ)).status == 200


def test_no_browser_costs_no_code(aws: Sandbox, live: Home, alice: SandboxUser) -> None:
    """Reported before any question."""
    age(live, "default-mfa", -10, aws)
    assert failed(live, "--code", alice.devices[0].next_code()) == (
        3,
        complaint("no browser: $BROWSER is not set, and there is no desktop", BY_PRINT),
    )
    assert aws.calls() == []


@pytest.mark.parametrize(
    ("named", "message"),
    [
        ("no-such-browser", "there is no program no-such-browser"),
        ("/etc/passwd", "/etc/passwd cannot be run: permission denied"),
        ("false", "false failed (exit code 1) and opened nothing"),
        ("sh -c 'kill -9 $$'", "sh failed (signal 9) and opened nothing"),
    ],
)
def test_a_browser_that_fails(live: Home, named: str, message: str) -> None:
    """Exit code 3, and the way without it."""
    assert failed(live, environ={"BROWSER": named}) == (3, complaint(message, BY_PRINT))


def test_the_first_browser_that_is_there(live: Home) -> None:
    """`$BROWSER` may name several, as for xdg-open and Python."""
    record = live.folder / "record"
    done = live.run("console", "-p", "admin", environ={"BROWSER": f"no-such-browser:{program(record)}"})
    assert done.returncode == 0, done.stderr


def test_a_desktops_own_browser(live: Home, tmp_path: Path) -> None:
    """xdg-open where there is a display; what it says is not said by us."""
    folder = tmp_path / "desktop"
    folder.mkdir()
    opener = folder / "xdg-open"
    opener.write_text(f"#!/bin/sh\necho noise; echo noise >&2\n{program(live.folder / 'record').replace('%s', '$1')}\n")
    opener.chmod(0o755)
    environ = {"PATH": f"{folder}:{live.environ['PATH']}", "DISPLAY": ":0"}
    done = live.run("console", "-p", "admin", environ=environ)
    assert (done.returncode, done.stdout, "noise" in done.stderr) == (0, "", False), done.stderr


def test_a_browser_goes_on_without_us(live: Home) -> None:
    """What we have started is not ended by our end, nor by what ends us."""
    record, ended = live.folder / "record", live.folder / "ended"
    line = f"{program(record).replace('%s', '$0')}; sleep 1; touch {ended}"
    done = live.run("console", "-p", "admin", environ={"BROWSER": f'sh -c "{line}" %s'})
    assert done.returncode == 0, done.stderr
    wait_for(ended.exists)


def test_interrupted(live: Home) -> None:
    """Ctrl-C while the browser starts: exit code 130, one line."""
    assert failed(live, environ={"BROWSER": "sh -c 'kill -INT $PPID; sleep 1'"}) == (130, complaint("interrupted"))


def test_another_user_cannot_connect(live: Home) -> None:
    """Who reads the address in the browser's arguments and goes there first, under another user, is not answered."""
    if Path("/proc/self").owner() != "root":
        pytest.skip("only root can be another user")
    record, stolen = live.folder / "record", live.folder / "stolen"
    thief = f"{need('setpriv')} --reuid 65534 --clear-groups {need('curl')} -s -o /dev/null -w '%{{http_code}}' $0"
    line = f"{thief} > {stolen}; {program(record).replace('%s', '$0')}"
    done = live.run("console", "-p", "admin", environ={"BROWSER": f'sh -c "{line}" %s'})
    assert done.returncode == 0, done.stderr
    wait_for(record.exists)
    assert stolen.read_text() == "000"


def test_a_trace_holds_no_secret(live: Home, alice: SandboxUser) -> None:
    """With --debug too, when the browser fails with the address in our hands."""
    done = live.run("console", "-p", "admin", "--debug", environ={"BROWSER": "false"})
    assert "Traceback" in done.stderr
    kept = section(live.credentials, "default-mfa")
    for secret in (alice.key.secret_access_key.reveal(), kept["aws_session_token"], "SigninToken="):
        assert secret not in done.stderr


def test_it_is_named_in_messages(home: Home) -> None:
    """In --help, with what it is for."""
    done = home.run_program(MFASESSION, "console", "--help")
    assert "Open the AWS console as a role profile" in done.stdout
