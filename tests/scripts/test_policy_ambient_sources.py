"""`--ambient` where the credentials come from IAM Identity Center or an instance: a portal and IMDS on loopback."""

import hashlib
import json
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler
from typing import Any

import pytest

from tests.helpers.auditing import Estate
from tests.helpers.checks import complaint
from tests.helpers.ci_identity import CI_ARN, NO_OTHERS
from tests.helpers.sandbox_clients import client
from tests.helpers.support import Home, web_server

START = "https://acme.awsapps.com/start"
ROLE = "sso_account_id = 123456789012\nsso_role_name = auditor\n"
OLD = f"[profile sso]\n{ROLE}sso_start_url = {START}\nsso_region = us-east-1\n"
"""A profile as the AWS CLI wrote it before it had sessions."""
NEW = f"[profile sso]\n{ROLE}sso_session = acme\n[sso-session acme]\nsso_start_url = {START}\nsso_region = us-east-1\n"
AUDIT = ("policy", "audit", "--ambient")
IMDS = "/latest/meta-data/iam/security-credentials/"
HINT = "aws sso login --profile sso"


def auditor(estate: Estate) -> Mapping[str, Any]:
    """The credentials of a role's session `build-7`, as STS gives them."""
    role = estate.aws.add_role("ci", [estate.alice.arn])
    sts = client(estate.aws, "sts", estate.alice.key)
    made: Mapping[str, Any] = sts.assume_role(RoleArn=role.arn, RoleSessionName="build-7")["Credentials"]
    return made


@contextmanager
def answering(answers: Mapping[tuple[str, str], tuple[int, Any]]) -> Iterator[str]:
    """A server with an answer for each method and path, without its query; 404 for others."""

    class Server(BaseHTTPRequestHandler):
        def _answer(self) -> None:
            status, body = answers.get((self.command, self.path.partition("?")[0]), (404, "nothing here"))
            self.send_response(status)
            self.end_headers()
            self.wfile.write((body if isinstance(body, str) else json.dumps(body)).encode())

        def do_GET(self) -> None:
            self._answer()

        def do_PUT(self) -> None:
            self._answer()

        def log_message(self, *_: object) -> None:
            pass

    with web_server(Server) as url:
        yield url


def sign_in(home: Home, config: str, lasts: int = 3600) -> None:
    """Leave what `aws sso login` leaves: the profile, and a token that lasts for some seconds."""
    home.config.write_text(config)
    key = "acme" if "sso_session" in config else START
    cache = home.aws / "sso" / "cache"
    cache.mkdir(parents=True, exist_ok=True)
    ends = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + lasts))
    token = {"startUrl": START, "region": "us-east-1", "accessToken": "aoaTOKEN", "expiresAt": ends}
    (cache / f"{hashlib.sha1(key.encode(), usedforsecurity=False).hexdigest()}.json").write_text(json.dumps(token))


@pytest.mark.parametrize("config", [OLD, NEW])
def test_identity_center(estate: Estate, config: str) -> None:
    """The portal exchanges the token of `aws sso login` for the role's credentials."""
    made = auditor(estate)
    names = {"accessKeyId": "AccessKeyId", "secretAccessKey": "SecretAccessKey", "sessionToken": "SessionToken"}
    given = {name: made[of] for name, of in names.items()} | {"expiration": int(time.time() + 3600) * 1000}
    sign_in(estate.home, config)
    with answering({("GET", "/federation/credentials"): (200, {"roleCredentials": given})}) as url:
        done = estate.home.run(*AUDIT, "-p", "sso", environ={"AWS_ENDPOINT_URL_SSO": url, **NO_OTHERS})
    assert done.stdout.startswith(f"as {CI_ARN} (ambient credentials: IAM Identity Center)\n"), done.stderr
    assert done.returncode == 1


@pytest.mark.parametrize("config", [OLD, NEW])
def test_a_sign_in_that_has_ended(home: Home, config: str) -> None:
    """Known from the token's end, and from the portal's answer; what to do is said."""
    said = complaint("the sign-in that the ambient credentials come from has ended", HINT)
    sign_in(home, config, lasts=-60)
    done = home.run(*AUDIT, "-p", "sso", environ=NO_OTHERS)
    assert (done.returncode, done.stdout, done.stderr) == (3, "", said)
    sign_in(home, config)
    refused = {"message": "Session token not found or invalid", "__type": "UnauthorizedException"}
    with answering({("GET", "/federation/credentials"): (401, refused)}) as url:
        done = home.run(*AUDIT, "-p", "sso", environ={"AWS_ENDPOINT_URL_SSO": url, **NO_OTHERS})
    assert (done.returncode, done.stdout, done.stderr) == (3, "", said)


def test_a_role_that_the_portal_does_not_give(home: Home) -> None:
    """AWS's own words, and no traceback."""
    sign_in(home, NEW)
    refused = {"message": "No access", "__type": "ForbiddenException"}
    with answering({("GET", "/federation/credentials"): (403, refused)}) as url:
        done = home.run(*AUDIT, "-p", "sso", environ={"AWS_ENDPOINT_URL_SSO": url, **NO_OTHERS})
    assert (done.returncode, done.stdout) == (4, "")
    assert "GetRoleCredentials" in done.stderr
    assert "  hint: " in done.stderr


def test_the_role_of_an_instance(estate: Estate) -> None:
    """Through IMDSv2, whose token is asked for first."""
    made = auditor(estate)
    ends = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + 3600))
    given = {"Code": "Success", "Type": "AWS-HMAC", "AccessKeyId": made["AccessKeyId"], "Expiration": ends,
             "SecretAccessKey": made["SecretAccessKey"], "Token": made["SessionToken"]}  # fmt: skip
    estate.home.credentials.unlink()
    answers = {("PUT", "/latest/api/token"): (200, "imds-token"), ("GET", IMDS): (200, "ci"),
               ("GET", f"{IMDS}ci"): (200, given)}  # fmt: skip
    with answering(answers) as url:
        done = estate.home.run(*AUDIT, environ={"AWS_EC2_METADATA_SERVICE_ENDPOINT": url})
    assert done.stdout.startswith(f"as {CI_ARN} (ambient credentials: the instance's role)\n"), done.stderr


@pytest.mark.parametrize("status", [404, 500])
def test_an_instance_without_a_role(home: Home, status: int) -> None:
    """No credentials, which is one line."""
    with answering({("PUT", "/latest/api/token"): (200, "imds-token"), ("GET", IMDS): (status, "")}) as url:
        done = home.run(*AUDIT, environ={"AWS_EC2_METADATA_SERVICE_ENDPOINT": url})
    assert (done.returncode, done.stdout) == (3, "")
    assert done.stderr.startswith("mfasession: there are no ambient credentials\n  hint: ")


@pytest.mark.parametrize(
    "environ",
    [
        {"AWS_WEB_IDENTITY_TOKEN_FILE": "gone", "AWS_ROLE_ARN": "arn:aws:iam::123456789012:role/ci"},
        {
            "AWS_CONTAINER_CREDENTIALS_FULL_URI": "http://127.0.0.1:9/role",
            "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE": "gone",
        },
    ],
)
def test_a_token_whose_file_is_gone(home: Home, environ: Mapping[str, str]) -> None:
    """The file is named."""
    done = home.run(*AUDIT, environ={**NO_OTHERS, **environ})
    assert (done.returncode, done.stdout) == (3, "")
    assert "the ambient credentials cannot be read: gone: " in done.stderr
