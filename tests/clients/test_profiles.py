"""Profiles around `credential_process`: a key in a section of its own, mfasession on itself, static keys beside it."""

from collections.abc import Mapping

import pytest

from mfasession.sandbox import Sandbox, SandboxUser
from tests.helpers.programs import CLIENTS, WAYS, Way, last_call, log_in
from tests.helpers.support import BIN, MFASESSION, Home, key_pair

ROLE_WAYS: Mapping[str, Way] = {
    **WAYS,
    "process": lambda home, words: home.run_program(*words, environ={"AWS_PROFILE": "role-process"}),
    "file": lambda home, words: home.run_program(*words, environ={"AWS_PROFILE": "default-role-mfa"}),
}
"""How a client comes to the session of `default-role`, which MFASESSION_PROFILE names."""
PROCESS = f"credential_process = {MFASESSION} process -p "


def with_key_in(home: Home, alice: SandboxUser, section: str, config: str) -> None:
    """Put the key pair into a section, and write the configuration file."""
    home.write_credentials(key_pair(section, alice.key.access_key_id, alice.key.secret_access_key.reveal()))
    home.config.write_text(config)


@pytest.fixture(params=CLIENTS)
def words(request: pytest.FixtureRequest, aws: Sandbox) -> tuple[str, ...]:
    """The words of each client."""
    return CLIENTS[request.param](aws)


@pytest.mark.parametrize("key_profile", ["work-key", "key of mine"])
def test_the_key_in_a_section_of_its_own(
    alices_home: Home, aws: Sandbox, alice: SandboxUser, words: tuple[str, ...], key_profile: str
) -> None:
    """The README's example: `work` for every client, `work-key` for us; a name with spaces in quotes."""
    with_key_in(alices_home, alice, key_profile, f'[profile work]\nregion = us-west-2\n{PROCESS}"{key_profile}"\n')
    done = alices_home.run("login", "-p", key_profile, "--code", alice.devices[0].code())
    assert done.returncode == 0, done.stderr
    done = alices_home.run_program(*words, environ={"AWS_PROFILE": "work"})
    assert done.returncode == 0, done.stderr
    assert last_call(aws, alice).region == "us-west-2"


def test_the_profile_of_the_clients_means_the_one_with_the_key(
    alices_home: Home, aws: Sandbox, alice: SandboxUser, words: tuple[str, ...]
) -> None:
    """AWS_PROFILE=work in the shell, as clients want it: the three habits mean `work-key` then."""
    with_key_in(
        alices_home, alice, "work-key", f"[profile work]\n{PROCESS}work-key\n[profile work-key]\nregion = us-west-2\n"
    )
    alices_home.environ["AWS_PROFILE"] = "work"
    done = alices_home.run("login", "--code", alice.devices[0].code())
    assert done.returncode == 0, done.stderr
    assert "session for work-key until" in done.stderr
    for way in ("env", "exec"):
        done = WAYS[way](alices_home, words)
        assert done.returncode == 0, done.stderr
        assert last_call(aws, alice).region == "us-west-2"
    assert alices_home.run("status", "-p", "work").returncode == 0
    assert alices_home.run("logout").returncode == 0
    assert "[work-key-mfa]" not in alices_home.credentials.read_text()


def test_a_role_on_the_profile_of_the_clients(alices_home: Home, aws: Sandbox, alice: SandboxUser) -> None:
    """A source_profile with a credential_process of ours: for `mfasession exec` as for the AWS CLI, with one code."""
    role = aws.add_role(f"deploy-{alice.name}", trusted=[alice.arn])
    config = (
        f"[profile admin]\nrole_arn = {role.arn}\nsource_profile = work\nregion = us-west-2\n"
        f"[profile work]\nregion = us-west-2\n{PROCESS}work-key\n"
    )
    with_key_in(alices_home, alice, "work-key", config)
    done = alices_home.run("login", "-p", "admin", "--code", alice.devices[0].code())
    assert done.returncode == 0, done.stderr
    who = (str(BIN / "aws"), "sts", "get-caller-identity", "--query", "Arn", "--output", "text")
    by_us = alices_home.run("exec", "-p", "admin", "--", *who)
    by_itself = alices_home.run_program(*who, environ={"AWS_PROFILE": "admin"})
    assert by_us.returncode == by_itself.returncode == 0, by_us.stderr + by_itself.stderr
    assert by_us.stdout.split("/")[:2] == by_itself.stdout.split("/")[:2] != [""]
    assert [call.outcome for call in aws.calls("GetSessionToken") if call.user == alice.arn] == ["ok"]


def test_mfasession_on_itself_comes_to_an_end(alices_home: Home, alice: SandboxUser, words: tuple[str, ...]) -> None:
    """99designs/aws-vault#605, #405, #1180: it never runs a credential_process, its own least of all."""
    log = alices_home.folder / "runs"
    process = f"credential_process = sh -c 'echo >>{log}; exec {MFASESSION} process -p work'\n"
    with_key_in(alices_home, alice, "other", f"[profile work]\nregion = us-west-2\n{process}")
    done = alices_home.run_program(*words, environ={"AWS_PROFILE": "work"})
    assert done.returncode != 0
    assert "mfasession: profile work has no long-term key" in done.stderr
    assert "mfasession keys add -p work" in done.stderr
    assert len(log.read_text()) == 1


def test_mfasession_on_itself_without_a_key(alices_home: Home, alice: SandboxUser) -> None:
    """99designs/aws-vault#605: the hint does not lead to a key pair that would win over the session."""
    with_key_in(alices_home, alice, "other", f"[profile work]\n{PROCESS}work\n")
    done = alices_home.run("login", "-p", "work", "--code", alice.devices[0].code())
    assert done.returncode == 3
    assert done.stderr.startswith(
        "mfasession: profile work has no long-term key, and its credential_process asks for profile work itself\n"
        "  hint: aws configure --profile work-key, and let it run: mfasession process -p work-key"
    )


@pytest.mark.parametrize("role", ["", "role_arn = arn:aws:iam::123456789012:role/x\nsource_profile = work\n"])
def test_source_profiles_that_lead_back(alices_home: Home, alice: SandboxUser, role: str) -> None:
    """99designs/aws-vault#405: profiles that go round through each other's credential_process end too."""
    config = f"[profile admin]\n{role or PROCESS + 'work'}\n[profile work]\n{PROCESS}admin\n"
    with_key_in(alices_home, alice, "other", config)
    done = alices_home.run("login", "-p", "admin", "--code", alice.devices[0].code())
    assert done.returncode == 3
    assert done.stderr.startswith("mfasession: the source profiles form a loop: admin -> work -> admin\n")


def test_static_keys_beside_the_process(
    alices_home: Home, aws: Sandbox, alice: SandboxUser, words: tuple[str, ...]
) -> None:
    """The key pair of the same profile wins in every SDK and is denied: `login` says so, and what it says fixes it."""
    with_key_in(alices_home, alice, "default", f"[default]\nregion = us-west-2\n{PROCESS}default\n")
    done = alices_home.run("login", "--code", alice.devices[0].code())
    assert done.returncode == 0
    assert done.stderr.endswith(
        "mfasession: programs take the key pair of profile default before its credential_process\n"
        "  hint: move the key pair to [default-key], and let it run: mfasession process -p default-key\n"
    )
    done = alices_home.run_program(*words)
    assert done.returncode != 0
    assert last_call(aws, alice).access_key_id == alice.key.access_key_id
    with_key_in(alices_home, alice, "default-key", f"[default]\nregion = us-west-2\n{PROCESS}default-key\n")
    done = alices_home.run("login", "--code", alice.devices[0].code(1))
    assert done.stderr.startswith("mfasession: session for default-key until")
    assert done.stderr.count("\n") == 1
    done = alices_home.run_program(*words)
    assert done.returncode == 0, done.stderr


def test_the_session_in_the_profile_itself(
    alices_home: Home, aws: Sandbox, alice: SandboxUser, words: tuple[str, ...]
) -> None:
    """99designs/aws-vault#623: README's `source` and `session_profile`: AWS_PROFILE=work is all that clients need."""
    with_key_in(alices_home, alice, "work-long-term", "[profile work]\nregion = us-west-2\n")
    alices_home.write_settings('[profiles.work]\nsource = "work-long-term"\nsession_profile = "work"\n')
    alices_home.environ["AWS_PROFILE"] = "work"
    assert alices_home.run_program(*words).returncode != 0
    done = alices_home.run("login", "--code", alice.devices[0].code())
    assert done.returncode == 0, done.stderr
    assert done.stderr.count("\n") == 1
    done = alices_home.run_program(*words)
    assert done.returncode == 0, done.stderr
    assert last_call(aws, alice).region == "us-west-2"
    assert alices_home.run("logout").returncode == 0
    assert alices_home.run_program(*words).returncode != 0


@pytest.mark.parametrize("way", WAYS)
def test_a_role(alices_home: Home, aws: Sandbox, alice: SandboxUser, way: str) -> None:
    """fwdcloudsec/granted#768: a role profile on every way to a session, two roles with one code."""
    names = [f"{role}-{alice.name}-{way}" for role in ("deploy", "audit")]
    roles = [aws.add_role(name, trusted=[alice.arn]) for name in names]
    with alices_home.config.open("a") as config:
        for name, role in zip(("default-role", "other-role"), roles, strict=True):
            config.write(f"[profile {name}]\nrole_arn = {role.arn}\nsource_profile = default\nregion = us-west-2\n")
        config.write(f"[profile role-process]\nregion = us-west-2\n{PROCESS}default-role\n")
    log_in(alices_home, alice, "-p", "default-role")
    alices_home.environ["MFASESSION_PROFILE"] = "default-role"
    done = ROLE_WAYS[way](alices_home, CLIENTS["boto3"](aws))
    assert done.returncode == 0, done.stderr
    call = aws.calls("ListBuckets")[-1]
    assert f":assumed-role/{names[0]}/" in call.user
    assert call.region == "us-west-2"
    done = alices_home.run("exec", "-p", "other-role", "--", *CLIENTS["boto3"](aws))
    assert done.returncode == 0, done.stderr
    assert f":assumed-role/{names[1]}/" in aws.calls("ListBuckets")[-1].user
    assert [call.outcome for call in aws.calls("GetSessionToken") if call.user == alice.arn] == ["ok"]
