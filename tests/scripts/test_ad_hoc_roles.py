"""`--role-arn`: a role without a profile, assumed with the session of one, and kept."""

import json
import re
from pathlib import Path

import pytest

from mfasession.sandbox import Sandbox, SandboxRole, SandboxUser
from tests.helpers.browsing import program as browser
from tests.helpers.checks import asked, complaint, have_session, section
from tests.helpers.serving import serve
from tests.helpers.support import MFASESSION, Home
from tests.scripts.test_roles import age

WHO = ("aws", "--region", "eu-west-1", "sts", "get-caller-identity", "--query", "Arn", "--output", "text")


@pytest.fixture
def ops(aws: Sandbox, alice: SandboxUser) -> SandboxRole:
    """A role that trusts Alice, for up to four hours."""
    return aws.add_role(f"ops-{alice.name}", trusted=[alice.arn], max_session_duration=4 * 3600)


def sections(home: Home) -> list[str]:
    """The sections of sessions of roles without a profile."""
    return re.findall(r"^\[(.*\+role\..*)\]$", home.credentials.read_text(), re.MULTILINE)


def assumed(aws: Sandbox, role: SandboxRole) -> list[dict[str, str]]:
    """The parameters of the calls that assumed a role."""
    return [dict(call.params) for call in aws.calls("AssumeRole") if call.params.get("RoleArn") == role.arn]


def test_one_code_and_one_call(aws: Sandbox, alices_home: Home, alice: SandboxUser, ops: SandboxRole) -> None:
    """The first command assumes the role with the kept MFA session, and all others find its session."""
    have_session(alices_home, alice.devices[0])
    keys = set()
    for command in ("process", "env", "exec", "process"):
        words = {"env": ("--shell", "json"), "exec": ("--", "printenv", "AWS_ACCESS_KEY_ID")}.get(command, ())
        done = alices_home.run(command, "--role-arn", ops.arn, *words)
        assert (done.returncode, done.stderr) == (0, ""), command
        keys.add(done.stdout.strip() if command == "exec" else "".join(re.findall("ASIA[0-9A-Z]+", done.stdout)))
    assert len(keys) == 1
    assert len(assumed(aws, ops)) == 1
    assert asked(aws, alice).count("GetSessionToken") == 1
    (kept,) = sections(alices_home)
    assert re.fullmatch(rf"default\+role\.ops-{alice.name}\.[0-9a-f]{{12}}-mfa", kept)
    stored = section(alices_home.credentials, kept)
    assert stored["aws_access_key_id"] in keys
    assert f":assumed-role/ops-{alice.name}/{alice.name}" in stored["mfasession_identity"]


def test_login_makes_both_sessions(aws: Sandbox, alices_home: Home, alice: SandboxUser, ops: SandboxRole) -> None:
    """With one code; it says whose session it is, and the user's own one stays as it was."""
    done = alices_home.run("login", "--role-arn", ops.arn, "--code", alice.devices[0].code())
    assert done.returncode == 0, done.stderr
    assert done.stderr.startswith(f"mfasession: session for {ops.arn} from default until ")
    own = section(alices_home.credentials, "default-mfa")
    assert own["mfasession_identity"] == alice.arn
    done = alices_home.run("process", "--no-input")
    assert json.loads(done.stdout)["AccessKeyId"] == own["aws_access_key_id"]
    assert asked(aws, alice).count("GetSessionToken") == 1


def test_what_is_asked_of_aws(aws: Sandbox, alices_home: Home, alice: SandboxUser) -> None:
    """External ID, session name and duration; another value is another session, and both stay."""
    role = aws.add_role(f"ext-{alice.name}", trusted=[alice.arn], external_id="4711")
    have_session(alices_home, alice.devices[0])
    flags = ("--role-arn", role.arn, "--external-id", "4711")
    named = (*flags, "--role-session-name", "from-home", "--duration", "20m")
    for words in (flags, named, flags, named):
        done = alices_home.run("process", *words)
        assert done.returncode == 0, done.stderr
    first, second = assumed(aws, role)
    assert (first["RoleSessionName"], first["DurationSeconds"]) == (alice.name, "3600")
    assert (second["RoleSessionName"], second["DurationSeconds"]) == ("from-home", "1200")
    assert len(sections(alices_home)) == 2
    done = alices_home.run("process", "--role-arn", role.arn)
    assert (done.returncode, done.stdout) == (4, "")


def test_a_role_of_more_than_an_hour(aws: Sandbox, alices_home: Home, alice: SandboxUser, ops: SandboxRole) -> None:
    """Straight from the key, with a code of its own; the user's session keeps its own duration."""
    have_session(alices_home, alice.devices[0])
    words = ("--role-arn", ops.arn, "--duration", "2h")
    done = alices_home.run("process", *words)
    hint = f"mfasession login --role-arn {ops.arn} --duration 7200"
    message = "there is no session for profile default, and there is no terminal to ask for a code"
    assert (done.returncode, done.stderr) == (6, complaint(message, hint))
    have_session(alices_home, alice.devices[0], *words, steps=1)
    assert [call["DurationSeconds"] for call in assumed(aws, ops)] == ["7200"]
    assert alices_home.run("process", *words, "--no-input").returncode == 0
    assert asked(aws, alice).count("GetSessionToken") == 1


def test_through_a_role(aws: Sandbox, alices_home: Home, alice: SandboxUser, ops: SandboxRole) -> None:
    """`-p ROLE --role-arn ARN`: the profile's role assumes it, for an hour at most; as with source_profile."""
    last = aws.add_role(f"last-{alice.name}", trusted=[ops.arn], max_session_duration=4 * 3600)
    alices_home.config.write_text(f"[profile ops]\nrole_arn = {ops.arn}\nsource_profile = default\n")
    have_session(alices_home, alice.devices[0])
    done = alices_home.run("exec", "-p", "ops", "--role-arn", last.arn, "--", *WHO)
    assert f":assumed-role/last-{alice.name}/" in done.stdout, done.stderr
    done = alices_home.run("exec", "-p", "ops", "--role-arn", last.arn, "--duration", "2h", "--", *WHO)
    message = "the role is wanted for 2 h, and AWS gives 1 h at most to the role of profile ops"
    hint = "lower --duration, or name a profile with a key: -p NAME"
    assert (done.returncode, done.stderr) == (3, complaint(message, hint))


def test_a_served_role(aws: Sandbox, alices_home: Home, alice: SandboxUser, ops: SandboxRole) -> None:
    """`exec --server` and `serve` have an endpoint for it."""
    have_session(alices_home, alice.devices[0])
    done = alices_home.run("exec", "--server", "--role-arn", ops.arn, "--", *WHO)
    assert f":assumed-role/ops-{alice.name}/" in done.stdout, done.stderr
    with serve(alices_home, "--role-arn", ops.arn) as served:
        (kept,) = sections(alices_home)
        assert served.ask().json["AccessKeyId"] == section(alices_home.credentials, kept)["aws_access_key_id"]
    assert len(assumed(aws, ops)) == 1


def test_the_console_of_a_role(aws: Sandbox, alices_home: Home, alice: SandboxUser, ops: SandboxRole) -> None:
    """The console needs a role, and this one has no profile."""
    have_session(alices_home, alice.devices[0])
    alices_home.environ["BROWSER"] = browser(alices_home.folder / "record")
    done = alices_home.run("console", "--role-arn", ops.arn, "--print")
    assert (done.returncode, done.stdout[:4]) == (0, "http"), done.stderr
    assert [call["DurationSeconds"] for call in assumed(aws, ops)] == ["3600"]


@pytest.mark.parametrize("equals", [False, True])
def test_a_credential_process_with_a_role(
    aws: Sandbox, alices_home: Home, alice: SandboxUser, ops: SandboxRole, *, equals: bool
) -> None:
    """SDKs get the role's session, and so does mfasession when that profile is named: never the user's own one."""
    flags = (f"--role-arn={ops.arn}", "--duration=20m") if equals else ("--role-arn", ops.arn, "--duration", "20m")
    line = " ".join((MFASESSION, "process", "-p", "default", *flags))
    alices_home.config.write_text(f"[profile ops]\ncredential_process = {line}\n")
    have_session(alices_home, alice.devices[0])
    done = alices_home.run_program(*WHO, "--profile", "ops")
    assert f":assumed-role/ops-{alice.name}/" in done.stdout, done.stderr
    done = alices_home.run("exec", "-p", "ops", "--", *WHO)
    assert f":assumed-role/ops-{alice.name}/" in done.stdout, done.stderr
    assert len(assumed(aws, ops)) == 1
    assert alices_home.run("login", "-p", "default", "--no-input").returncode == 0


def test_status_and_logout(alices_home: Home, alice: SandboxUser, ops: SandboxRole) -> None:
    """It is listed for its profile, whose logout forgets it; its section as a profile means that profile."""
    have_session(alices_home, alice.devices[0], "--role-arn", ops.arn)
    rows = json.loads(alices_home.run("status", "--json").stdout)
    assert [(row["profile"], row["role_arn"]) for row in rows] == [("default", None), ("default", ops.arn)]
    (kept,) = sections(alices_home)
    assert alices_home.run("process", "-p", kept).stdout == alices_home.run("process").stdout
    done = alices_home.run("logout")
    assert done.returncode == 0
    assert f"{kept} (file)" in done.stderr
    assert json.loads(alices_home.run("status", "--json").stdout) == []


def test_what_has_ended_goes(aws: Sandbox, alices_home: Home, alice: SandboxUser, ops: SandboxRole) -> None:
    """The file does not grow with every role that was ever named; a live one and the user's own stay."""
    have_session(alices_home, alice.devices[0], "--role-arn", ops.arn)
    (ended,) = sections(alices_home)
    age(alices_home, ended, -10, aws)
    assert alices_home.run("process", "--role-arn", ops.arn, "--duration", "20m").returncode == 0
    (first,) = sections(alices_home)
    assert first != ended
    assert alices_home.run("process", "--role-arn", ops.arn, "--duration", "30m").returncode == 0
    assert len(sections(alices_home)) == 2
    assert "[default-mfa]" in alices_home.credentials.read_text()


BAD = (
    (("--role-arn", "admin"), "--role-arn: must be the ARN of a role, as in arn:aws:iam::123456789012:role/NAME"),
    (("--role-arn", "R", "--external-id", "a b"), "--external-id: must be 2 to 1224 of A-Z a-z 0-9 _+=,.@:/-"),
    (("--role-arn", "R", "--role-session-name", "a b"), "--role-session-name: must be 2 to 64 of A-Z a-z 0-9 _+=,.@-"),
    (("--external-id", "4711"), "--external-id is for a role"),
    (("--role-session-name", "me"), "--role-session-name is for a role"),
    (("--role-arn", "R", "--duration", "13h"), "--duration 13 h is more than AWS gives a role, 12 h at most"),
)


@pytest.mark.parametrize("command", [("login", "--code", "123456"), ("exec", "--", "true"), ("process",)])
@pytest.mark.parametrize(("flags", "message"), BAD, ids=lambda each: str(each[0]))
def test_a_wrong_command_line(
    aws: Sandbox, alices_home: Home, alice: SandboxUser, command: tuple[str, ...], flags: tuple[str, ...], message: str
) -> None:
    """Exit code 2: nothing is asked, and the files are as they were."""
    before = alices_home.credentials.read_bytes()
    arn = "arn:aws:iam::123456789012:role/ops"
    done = alices_home.run(command[0], *(arn if word == "R" else word for word in flags), *command[1:])
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.splitlines()[0] == f"mfasession: {message}"
    assert done.stderr.count("\n") == 2
    assert asked(aws, alice) == []
    assert alices_home.credentials.read_bytes() == before


@pytest.mark.parametrize("words", [("exec", "-p", "a", "-p", "b"), ("serve", "-p", "a", "-p", "b")])
def test_several_profiles(home: Home, words: tuple[str, ...]) -> None:
    """It is not clear which of them would assume the role."""
    behind = ("--", "true") if words[0] == "exec" else ()
    done = home.run(*words, "--role-arn", "arn:aws:iam::123456789012:role/ops", *behind)
    message = "--role-arn takes one profile, whose session assumes the role"
    assert (done.returncode, done.stderr) == (2, complaint(message, "name one with -p"))


def test_a_role_of_another_partition(aws: Sandbox, alices_home: Home, alice: SandboxUser) -> None:
    """Than the device's, or than that of --region: no code is spent on it."""
    alices_home.config.write_text(f"[default]\nmfa_serial = {alice.devices[0].serial}\n")
    there = "arn:aws-cn:iam::123456789012:role/ops"
    done = alices_home.run("login", "--role-arn", there, "--code", alice.devices[0].code())
    message = "the role is in partition aws-cn, and the device of profile default is in aws"
    assert (done.returncode, done.stderr) == (
        3,
        complaint(message, "name a profile of the role's partition: -p NAME"),
    )
    alices_home.config.write_text("")
    done = alices_home.run("login", "--role-arn", there, "--region", "us-east-1", "--code", alice.devices[0].code())
    assert done.returncode == 3
    assert done.stderr.startswith("mfasession: region us-east-1 is not in partition aws-cn")
    assert asked(aws, alice) == []


def test_a_section_of_somebody_else(alices_home: Home, alice: SandboxUser, ops: SandboxRole) -> None:
    """It is refused, and stays."""
    have_session(alices_home, alice.devices[0], "--role-arn", ops.arn)
    (kept,) = sections(alices_home)
    text = alices_home.credentials.read_text()
    head, _, tail = text.partition(f"[{kept}]\nmanager = mfasession\n")
    alices_home.write_credentials(f"{head}[{kept}]\n{tail}")
    before = alices_home.credentials.read_bytes()
    done = alices_home.run("process", "--role-arn", ops.arn)
    assert done.returncode == 3
    assert "is not ours" in done.stderr
    assert Path(alices_home.credentials).read_bytes() == before
