"""AssumeRoleWithWebIdentity, whose requests are not signed: the token's claims, and the role's trust policy.

The signature of a token is not checked: AWS fetches the issuer's keys for it, and the sandbox stays on loopback.
Sources: STS API Reference, AssumeRoleWithWebIdentity; IAM User Guide, "Available keys for AWS OIDC federation".
"""

import base64
import json
from collections.abc import Mapping
from typing import Any

from mfasession import policy
from mfasession.policy import Kind, Policies, Statement
from mfasession.sandbox.authenticated import Result, credentials
from mfasession.sandbox.aws_errors import QUERY, Refused, denied
from mfasession.sandbox.moto_backend import Role
from mfasession.sandbox.parameters import Text, check_texts, seconds
from mfasession.sandbox.roles import ROLE_DEFAULT, ROLE_SECONDS
from mfasession.sandbox.state import State

OPERATION = "AssumeRoleWithWebIdentity"
_PERMISSION = f"sts:{OPERATION}"


def assume(first: State, params: Mapping[str, Any]) -> Result:
    """Issue a role's credentials for a token. Raises Refused."""
    check_texts(
        params,
        Text(name="RoleArn", least=20, most=2048, required=True),
        Text(name="RoleSessionName", least=2, most=64, pattern=r"[\w+=,.@-]*", required=True),
        Text(name="WebIdentityToken", least=4, most=20000, required=True),
    )
    claims, arn, name = _claims(str(params["WebIdentityToken"])), str(params["RoleArn"]), str(params["RoleSessionName"])
    state = first.of(arn) or first
    provider, audience = _provider(state, claims)
    _check_end(claims, state.clock.now())
    role = state.moto.role(arn)
    issuer = provider.partition("oidc-provider/")[2]
    context = {f"{issuer}:aud": audience, f"{issuer}:sub": str(claims.get("sub", ""))}
    if role is None or not _trusts(role, provider, {key.lower(): value for key, value in context.items()}):
        raise denied(QUERY, f"Not authorized to perform {_PERMISSION}")
    caller = state.assuming(role, name)
    lasting = seconds(params, *ROLE_SECONDS, ROLE_DEFAULT)
    return {
        "Credentials": credentials(state.issue(caller, lasting)),
        "AssumedRoleUser": {"AssumedRoleId": caller.unique_id, "Arn": caller.arn},
        "SubjectFromWebIdentityToken": str(claims.get("sub", "")),
        "Audience": audience,
        "Provider": provider,
    }


def _claims(token: str) -> Mapping[str, Any]:
    parts = token.split(".")
    try:
        claims = json.loads(base64.urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4)))
    except (ValueError, IndexError):
        claims = None
    if len(parts) != 3 or not isinstance(claims, dict):
        text = "The ID Token provided is not a valid JWT. (You may see this error if you sent an Access Token)"
        raise Refused("InvalidIdentityToken", 400, text)
    return claims


def _provider(state: State, claims: Mapping[str, Any]) -> tuple[str, str]:
    """The ARN of the token's provider, and the audience that it knows."""
    issuer = str(claims.get("iss", ""))
    arn = state.arn("iam", f"oidc-provider/{issuer.removeprefix('https://')}")
    found = state.moto.iam.open_id_providers.get(arn)
    if found is None:
        text = f"No OpenIDConnect provider found in your account for {issuer}"
        raise Refused("InvalidIdentityToken", 400, text)
    named = claims.get("aud", "")
    audiences = named if isinstance(named, list) else [named]
    audience = next((str(each) for each in audiences if each in found.client_id_list), None)
    if audience is None:
        raise Refused("InvalidIdentityToken", 400, "Incorrect token audience")
    return arn, audience


def _check_end(claims: Mapping[str, Any], now: float) -> None:
    if float(claims.get("exp", 0)) <= now:
        raise Refused(
            "ExpiredTokenException", 400, "Token expired: current date/time must be before the expiration date/time"
        )


def _federated(statement: Statement) -> set[str]:
    named = (statement.principals or {}).items()
    return {str(name) for kind, several in named if kind == "Federated" for name in several}


def _trusts(role: Role, provider: str, context: Mapping[str, str]) -> bool:
    document = role.assume_role_policy_document
    trust = policy.read(document if isinstance(document, str) else json.dumps(document), kind=Kind.TRUST)
    request = policy.Request(action=_PERMISSION, context=context)
    effects = {
        each.statement.effect
        for each in policy.statements(Policies(identity=(), resource=(trust,)))
        if provider in _federated(each.statement) and policy.match(each, request).applies
    }
    return effects == {"Allow"}
