"""What docs/sdks.md says of each SDK: how often it asks, when again, where our words go, whether it can prompt."""

from collections.abc import Mapping

import pytest

from mfasession.sandbox import Sandbox, SandboxUser
from tests.clients.test_refreshing import keys_of, log_in_with
from tests.clients.test_sdks import NEAR
from tests.helpers.listener import listening
from tests.helpers.patience import wait_for
from tests.helpers.programs import BY_PROCESS, COUNTED, Runs, have_session
from tests.helpers.sdks import SDKS, client
from tests.helpers.seat import question, seat
from tests.helpers.serving import serve
from tests.helpers.support import MFASESSION, Home

NOT_YET: Mapping[str, Mapping[str, int]] = {
    "process": {"boto3": 16 * 60, "js": 6 * 60, "go": 60, "rust": 60},
    "endpoint": {"boto3": 16 * 60, "js": 6 * 60, "go": 6 * 60, "java": 16 * 60, "rust": 60},
}
"""Seconds before the end of a session at which each SDK still keeps what it has; at those of NEAR it asks again.

Java is not among them by the process: test_java_follows_the_file.
"""
NOWHERE_ELSE = {
    "AWS_CONFIG_FILE": "/dev/null",
    "AWS_SHARED_CREDENTIALS_FILE": "/dev/null",
    "AWS_REGION": "eu-central-1",
    "AWS_DEFAULT_REGION": "eu-central-1",
    "AWS_EC2_METADATA_DISABLED": "true",
}
"""The end of the chain: no file, and no question to a virtual machine's host."""


def test_credentials_are_kept_between_calls(
    alices_home: Home, alice: SandboxUser, sdk: str, words: tuple[str, ...], runs: Runs
) -> None:
    """Two clients, three calls of each: credentials are kept, per process or (JavaScript, Java) per client."""
    have_session(alices_home, alice)
    with client(alices_home, *words, environ=COUNTED) as program:
        assert [program.call() for _ in range(3)] == [{"arn": alice.arn}] * 3, program.stderr
    assert runs.count == (2 if sdk in ("js", "java") else 1)


@pytest.mark.parametrize(("way", "sdk"), [(way, sdk) for way in NOT_YET for sdk in NOT_YET[way]])
def test_it_keeps_what_it_has_until_near_its_end(
    alices_home: Home, aws: Sandbox, alice: SandboxUser, sdk: str, words: tuple[str, ...], way: str
) -> None:
    """A newer session is there, and the old one has time: no SDK goes over before its own hour."""
    assert NOT_YET[way][sdk] > NEAR[way][sdk]
    log_in_with(alices_home, aws, alice, NOT_YET[way][sdk])
    before, environ = ([], BY_PROCESS) if way == "process" else ([MFASESSION, "exec", "--server", "--"], {})
    with client(alices_home, *before, *words, environ=environ) as program:
        assert program.call() == {"arn": alice.arn}, program.stderr
        have_session(alices_home, alice, "--force")
        assert program.call() == {"arn": alice.arn}
    assert len(keys_of(aws, alice)) == 1


def test_java_follows_the_file(alices_home: Home, aws: Sandbox, alice: SandboxUser) -> None:
    """By credential_process too: what a login writes into the credentials file makes Java ask again at once."""
    words = SDKS["java"]()
    have_session(alices_home, alice)
    with client(alices_home, *words, environ=BY_PROCESS) as program:
        assert program.call() == {"arn": alice.arn}, program.stderr
        have_session(alices_home, alice, "--force", steps=1)
        wait_for(lambda: program.call() == {"arn": alice.arn} and len(keys_of(aws, alice)) == 2)


def test_our_message_reaches_the_error_or_stderr(alices_home: Home, sdk: str, words: tuple[str, ...]) -> None:
    """No terminal to ask on, exit 6: in the error, on the program's stderr, or (JavaScript, Java) nowhere."""
    with client(alices_home, *words, environ={**BY_PROCESS, "AWS_EC2_METADATA_DISABLED": "true"}) as program:
        refused = program.call()
        shown = {"error": refused["text"], "stderr": program.stderr}
    hint = "hint: mfasession login"
    places = {"boto3": ["error"], "go": ["stderr"], "rust": ["error"]}
    assert [place for place, text in shown.items() if hint in text] == places.get(sdk, [])


def test_it_is_well_once_there_is_a_session(
    alices_home: Home, alice: SandboxUser, sdk: str, words: tuple[str, ...]
) -> None:
    """aws/aws-sdk-js-v3#7690: after a login elsewhere the same process is served; JavaScript must be started anew."""
    with client(alices_home, *words, environ={**BY_PROCESS, "AWS_EC2_METADATA_DISABLED": "true"}) as program:
        assert "error" in program.call()
        have_session(alices_home, alice)
        assert ("error" in program.call()) is (sdk == "js")


def test_the_question_is_seen(alices_home: Home, aws: Sandbox, alice: SandboxUser, words: tuple[str, ...]) -> None:
    """At a terminal each SDK lets `mfasession process` ask, once, whatever it does with the streams."""
    with seat(alices_home, "bash", "-c", 'echo | "$@"', "bash", *words, environ=BY_PROCESS) as terminal:
        terminal.see(question(alice))
        terminal.type(alice.devices[0].code() + "\r")
        assert terminal.end() == 0
    assert alice.arn in terminal.shown
    assert [call.outcome for call in aws.calls("GetSessionToken") if call.user == alice.arn] == ["ok"]


def test_which_token_wins(alices_home: Home, alice: SandboxUser, sdk: str, words: tuple[str, ...]) -> None:
    """With a token and a file of one, as when an old one lies in a shell: JavaScript and Java take the variable."""
    have_session(alices_home, alice)
    with serve(alices_home) as served:
        environ = {
            **NOWHERE_ELSE,
            "AWS_CONTAINER_CREDENTIALS_FULL_URI": served.uri,
            "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE": str(served.token_file),
        }
        with client(alices_home, *words, environ=environ) as program:
            assert program.call() == {"arn": alice.arn}, program.stderr
        stale = {**environ, "AWS_CONTAINER_AUTHORIZATION_TOKEN": "of-yesterday"}
        with client(alices_home, *words, environ=stale) as program:
            assert ("error" in program.call()) is (sdk in ("js", "java"))


def test_without_its_token_file_no_server_is_asked(alices_home: Home, words: tuple[str, ...]) -> None:
    """The file goes with `serve`: programs in other shells, which have its address still, send nothing."""
    with listening(answer=b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n") as (port, heard):
        environ = {
            **NOWHERE_ELSE,
            "AWS_CONTAINER_CREDENTIALS_FULL_URI": f"http://127.0.0.1:{port}/profile/default",
            "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE": str(alices_home.folder / "gone"),
        }
        with client(alices_home, *words, environ=environ) as program:
            assert "error" in program.call()
        assert heard == []


def test_the_endpoint_gives_the_fix(alices_home: Home, alice: SandboxUser, sdk: str, words: tuple[str, ...]) -> None:
    """The session is over, without a terminal: boto3 and Go show our command, the others only that it failed."""
    have_session(alices_home, alice)
    with serve(alices_home) as served:
        assert alices_home.run("logout").returncode == 0
        wait_for(lambda: served.ask().status != 200)
        environ = {
            **NOWHERE_ELSE,
            "AWS_CONTAINER_CREDENTIALS_FULL_URI": served.uri,
            "AWS_CONTAINER_AUTHORIZATION_TOKEN": served.token,
        }
        with client(alices_home, *words, environ=environ) as program:
            refused = program.call()
    assert ("mfasession login -p default" in refused["text"]) is (sdk in ("boto3", "go"))
