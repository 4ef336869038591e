"""`--ambient`: the actions of `policy` with the credentials that AWS SDKs find, for auditors, CI and containers."""

import json
import time
from collections.abc import Callable, Mapping
from http.server import BaseHTTPRequestHandler
from typing import Any

import pytest

from mfasession.policy.rule import ALLOW_ALL, DENY_ALL_WITHOUT_MFA
from tests.helpers.auditing import Estate, users
from tests.helpers.checks import complaint, keys_of
from tests.helpers.ci_identity import CI_ARN, NO_OTHERS, token, trust_ci
from tests.helpers.sandbox_clients import client
from tests.helpers.support import MFASESSION, Home, key_pair, web_server


def auditor(estate: Estate) -> Mapping[str, str]:
    """The credentials of a role's session `build-7`, as STS gives them."""
    role = estate.aws.add_role("ci", [estate.alice.arn])
    sts = client(estate.aws, "sts", estate.alice.key)
    made: Mapping[str, str] = sts.assume_role(RoleArn=role.arn, RoleSessionName="build-7")["Credentials"]
    return made


def variables(credentials: Mapping[str, str]) -> dict[str, str]:
    """The variables that have these credentials."""
    return {
        "AWS_ACCESS_KEY_ID": credentials["AccessKeyId"],
        "AWS_SECRET_ACCESS_KEY": credentials["SecretAccessKey"],
        **({"AWS_SESSION_TOKEN": credentials["SessionToken"]} if "SessionToken" in credentials else {}),
    }


# Where the credentials come from


def test_variables_of_a_role(estate: Estate) -> None:
    """Without any profile and any session; the report says first whose they were."""
    environ = variables(auditor(estate))
    estate.home.credentials.unlink()
    estate.aws.forget_calls()
    done = estate.home.run("policy", "audit", "--ambient", environ=environ)
    line = f"as {CI_ARN} (ambient credentials: AWS_ACCESS_KEY_ID in the environment)\n"
    assert (done.returncode, done.stdout.startswith(f"{line}\nUSER ")) == (1, True)
    assert done.stderr.startswith(f"mfasession: {line}")
    assert not estate.aws.calls("GetSessionToken")
    report = json.loads(estate.home.run("policy", "audit", "--ambient", "--format=json", environ=environ).stdout)
    assert report["read_as"] == {"arn": CI_ARN, "ambient_credentials": "AWS_ACCESS_KEY_ID in the environment"}
    assert users(report)["alice"]["covered"] is False
    page = estate.home.run("policy", "audit", "--ambient", "--format=html", environ=environ).stdout
    assert CI_ARN in page
    assert "AWS_ACCESS_KEY_ID in the environment" in page


def test_web_identity(estate: Estate) -> None:
    """A CI's token, which AWS exchanges for the role; one of another repository or that has ended is refused."""
    environ = trust_ci(estate.iam, estate.home.folder)
    file = estate.home.folder / "token"
    file.write_text(token(sub="repo:acme/app"))
    done = estate.home.run("policy", "audit", "--ambient", environ=environ)
    assert done.stdout.startswith(f"as {CI_ARN} (ambient credentials: web identity)\n")
    assert len(estate.aws.calls("AssumeRoleWithWebIdentity")) == 1
    file.write_text(token(sub="repo:eve/app"))
    done = estate.home.run("policy", "audit", "--ambient", environ=environ)
    assert (done.returncode, done.stdout) == (4, "")
    assert "Not authorized to perform sts:AssumeRoleWithWebIdentity" in done.stderr
    file.write_text(token(sub="repo:acme/app", exp=1))
    assert estate.home.run("policy", "audit", "--ambient", environ=environ).returncode == 4


def test_credential_process_of_a_named_profile(estate: Estate) -> None:
    """`-p` names an AWS profile, and variables with keys do not count then, as in the AWS CLI."""
    estate.home.config.write_text(f"[profile ci]\ncredential_process = {MFASESSION} process -p default\n")
    environ = {"AWS_ACCESS_KEY_ID": "AKIAIOSFODNN7EXAMPLE", "AWS_SECRET_ACCESS_KEY": "x" * 40}
    done = estate.home.run("policy", "audit", "--ambient", "-p", "ci", environ=environ)
    assert done.stdout.startswith(f"as {estate.alice.arn} (ambient credentials: credential_process)\n")


def test_a_container(estate: Estate) -> None:
    """Its endpoint is asked again when the credentials come to their end."""
    credentials, asked = auditor(estate), []

    class Endpoint(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            ends = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + 60))
            given = {"Token": credentials["SessionToken"], "Expiration": ends, "RoleArn": "arn"}
            body = {**{name: credentials[name] for name in ("AccessKeyId", "SecretAccessKey")}, **given}
            self.send_response(200)
            self.end_headers()
            self.wfile.write(json.dumps(body).encode())

        def log_message(self, *_: object) -> None:
            pass

    estate.home.credentials.unlink()
    with web_server(Endpoint) as url:
        environ = {"AWS_CONTAINER_CREDENTIALS_FULL_URI": f"{url}/role", **NO_OTHERS}
        done = estate.home.run("policy", "audit", "--ambient", environ=environ)
    assert done.stdout.startswith(f"as {CI_ARN} (ambient credentials: the container's endpoint)\n"), done.stderr
    assert len(asked) > 1


# The other actions


def test_lint_and_test_of_what_is_in_the_account(estate: Estate) -> None:
    """A policy by its ARN, and IAM's simulator: nothing of the user's is needed."""
    environ = variables(auditor(estate))
    arn = estate.aws.add_policy("Rule", DENY_ALL_WITHOUT_MFA)
    estate.home.credentials.unlink()
    done = estate.home.run("policy", "lint", "--ambient", arn, arn, environ=environ)
    assert (done.returncode, done.stderr.count("ambient credentials")) == (0, 1)
    estate.home.config.write_text(keys_of(estate.alice).replace("[default]", "[profile ci]"))
    done = estate.home.run("policy", "lint", "--ambient", "-p", "ci", f"{arn}s")
    hint = "see what there is: aws iam list-policies --scope Local --profile ci"
    assert (done.returncode, done.stderr.endswith(complaint(f"there is no policy {arn}s", hint))) == (4, True)
    words = ("policy", "test", "--live", "--ambient", "--action", "s3:ListAllMyBuckets")
    done = estate.home.run(*words, "--user", "alice", environ=environ)
    assert (done.returncode, "s3:ListAllMyBuckets  allow" in done.stdout) == (0, True)
    done = estate.home.run(*words, environ=environ)
    assert (done.returncode, "name the user: --user NAME" in done.stderr) == (2, True)


@pytest.mark.parametrize("who", ["role", "session", "outsider"])
def test_apply_says_who_you_are(estate: Estate, who: str) -> None:
    """And prints undo commands for the same credentials."""
    estate.user("bob", ALLOW_ALL)
    estate.group("staff", *(["alice"] if who == "session" else []), "bob")
    alice = estate.alice
    given: Mapping[str, Callable[[], Mapping[str, Any]]] = {
        "role": lambda: auditor(estate),
        "session": lambda: json.loads(estate.home.run("process").stdout),
        "outsider": lambda: {
            "AccessKeyId": alice.key.access_key_id,
            "SecretAccessKey": alice.key.secret_access_key.reveal(),
        },
    }
    words = ("policy", "apply", "--ambient", "--group", "staff", "--yes")
    done = estate.home.run(*words, environ=variables(given[who]()))
    arn, then = {
        "role": (CI_ARN, ": DenyAllWithoutMFA does not apply to you, because you are a role"),
        "session": (alice.arn, ", with MFA: DenyAllWithoutMFA applies to you"),
        "outsider": (alice.arn, ": DenyAllWithoutMFA does not apply to you, because you are not one of them"),
    }[who]
    assert (done.returncode, f"mfasession: you are {arn}{then}\n" in done.stderr) == (0, True), done.stderr
    assert done.stdout.startswith("aws iam detach-group-policy --group-name staff ")


def test_apply_locks_no_long_term_key_out(estate: Estate) -> None:
    """Neither yours nor anybody's who could do nothing even with MFA; nothing is changed."""
    estate.group("staff", "alice")
    environ = variables(
        {"AccessKeyId": estate.alice.key.access_key_id, "SecretAccessKey": estate.alice.key.secret_access_key.reveal()}
    )
    done = estate.home.run("policy", "apply", "--ambient", "--group", "staff", "--yes", environ=environ)
    assert (done.returncode, done.stdout) == (3, "")
    assert (
        complaint(
            "you, alice, use a long-term key, which has no MFA: DenyAllWithoutMFA would deny its next calls",
            "leave --ambient out: your session has MFA",
        )
        in done.stderr
    )
    assert not estate.aws.calls("CreatePolicy")


# What goes wrong


ROLE = """role_arn = arn:aws:iam::123456789012:role/ci
source_profile = user
mfa_serial = arn:aws:iam::123456789012:mfa/alice
"""
SSO = "sso_start_url = https://x.example\nsso_region = us-east-1\nsso_account_id = 123456789012\nsso_role_name = r\n"


@pytest.mark.parametrize(
    ("config", "words", "said"),
    [
        ("", (), "there are no ambient credentials"),
        ("", ("-p", "none"), "there is no AWS profile none"),
        (f"[profile ci]\n{ROLE}{key_pair('profile user')}", ("-p", "ci"), "needs an MFA code"),
        (f"[profile ci]\n{SSO}", ("-p", "ci"), "aws sso login --profile ci"),
        ("[profile ci]\ncredential_process = false\n", ("-p", "ci"), "the ambient credentials cannot be read"),
        ("[profile ci]\naws_access_key_id = AKIA\n", ("-p", "ci"), "the ambient credentials cannot be read"),
        ("[profile ci\n", ("-p", "ci"), "cannot parse it"),
    ],
)  # fmt: skip
def test_no_credentials(home: Home, config: str, words: tuple[str, ...], said: str) -> None:
    """Exit code 3, and never a question."""
    home.config.write_text(config)
    done = home.run("policy", "audit", "--ambient", *words, environ=NO_OTHERS)
    assert (done.returncode, done.stdout) == (3, "")
    assert said in done.stderr
    assert "  hint: " in done.stderr


def test_credentials_that_have_ended(estate: Estate) -> None:
    """A login would not help."""
    environ = variables(auditor(estate))
    estate.aws.age_sessions(4000)
    done = estate.home.run("policy", "audit", "--ambient", environ=environ)
    hint = "renew the ambient credentials where they come from, then run it again"
    assert (done.returncode, done.stderr) == (4, complaint("the session has expired", hint))


def test_no_endpoint_without_tls(estate: Estate) -> None:
    """A token is not sent to another machine over plain HTTP."""
    environ = {**trust_ci(estate.iam, estate.home.folder), "AWS_ENDPOINT_URL": "http://192.0.2.1"}
    (estate.home.folder / "token").write_text(token(sub="repo:acme/app"))
    done = estate.home.run("policy", "audit", "--ambient", environ=environ)
    assert (done.returncode, "has no TLS" in done.stderr) == (3, True)
