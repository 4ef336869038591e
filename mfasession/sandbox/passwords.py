"""ChangePassword, which moto does not have.

Source: IAM API Reference, ChangePassword; the login profile is moto's.
"""

import hmac
from collections.abc import Mapping

from mfasession.sandbox.authenticated import AuthenticatedRequest, Handler, Result
from mfasession.sandbox.aws_errors import Refused
from mfasession.sandbox.iam_mfa import user_named
from mfasession.sandbox.parameters import Text, check_texts


def change_password(request: AuthenticatedRequest) -> Result:
    """Change the calling user's password."""
    old, new = (Text(name=name, least=1, most=128, required=True) for name in ("OldPassword", "NewPassword"))
    check_texts(request.params, old, new)
    user = user_named(request)
    if not user.password:
        raise Refused("NoSuchEntity", 404, f"Login Profile for User {user.name} cannot be found.")
    if not hmac.compare_digest(str(user.password).encode(), str(request.params["OldPassword"]).encode()):
        raise Refused("AccessDenied", 403, "The old password was incorrect.")
    user.password = str(request.params["NewPassword"])
    return {}


HANDLERS: Mapping[str, Handler] = {"ChangePassword": change_password}
