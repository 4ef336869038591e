"""The console's federated sign-in: exchanges a role's session for a token, which signs a browser in.

Sources: IAM User Guide, "Enable custom identity broker access to the AWS console"; 99designs/aws-vault #77 (no duration
of its own for the session of a chained role), #106 and #1170 (no session of a user). AWS documents that a token is good
for 15 minutes; that it works once is stricter than what it says.
"""

import hmac
import json
import secrets
from collections.abc import Callable, Mapping
from html import escape
from http.cookies import CookieError, SimpleCookie

from mfasession.sandbox.aws_errors import REST_JSON, Answer, Refused
from mfasession.sandbox.call_log import Call, CallLog
from mfasession.sandbox.faults import Faults, HangUp, after, before
from mfasession.sandbox.request import Request, form_of
from mfasession.sandbox.state import Key, State
from mfasession.timestamps import show
from mfasession.values import Value

COOKIE = "sandbox-console"
TOKEN_SECONDS = 15 * 60
CONSOLE_SECONDS = (900, 43200)
ACTIONS = {("/federation", "getSigninToken"), ("/federation", "login"), ("/oauth", "logout")}
OPEN_CONSOLE = "openConsole"
"""The name of a signed-in browser's requests in the call log."""

_Fields = Mapping[str, str]


class _SignIn(Value):
    """The console's user, and its end (epoch seconds)."""

    key: Key
    ends: float


class _Token(Value):
    """An unused sign-in, and its end (epoch seconds)."""

    sign_in: _SignIn
    until: float


class Federation:
    """Answers unsigned requests: those for a token, and those of browsers."""

    def __init__(self, state: State, faults: Faults, calls: CallLog) -> None:
        self._state = state
        self._faults = faults
        self._calls = calls
        self._tokens: dict[str, _Token] = {}
        self._browsers: dict[str, _SignIn] = {}

    def is_addressed(self, request: Request) -> bool:
        """Return whether the request is an unsigned one for the sign-in or with its cookie.

        A bucket may be named `federation`; a request for it names no action of ours.
        """
        if request.header("authorization") is not None:
            return False
        return self._action(request) != OPEN_CONSOLE or bool(_cookie(request))

    def answer(self, request: Request) -> Answer:
        """Answer the request; a refusal is a page. Raises HangUp for such a fault."""
        action, fields = self._action(request), _fields(request)
        key, fault = self._key_of(fields), self._faults.take(action)
        try:
            before(fault, REST_JSON)
            with self._state.lock:
                answer, outcome = after(fault, self._done(action, request, fields)), "ok"
        except Refused as refusal:
            answer, outcome = _page(refusal.status, refusal.text), refusal.code
        except HangUp:
            self._record(action, fields, key, "hang_up", 0)
            raise
        self._record(action, fields, key, outcome, answer.status)
        return answer

    def _done(self, action: str, request: Request, fields: _Fields) -> Answer:
        doers: Mapping[str, Callable[[Request, _Fields], Answer]] = {
            "getSigninToken": self._give_token,
            "login": self._log_in,
            "logout": self._log_out,
            OPEN_CONSOLE: self._show_console,
        }
        return doers[action](request, fields)

    def _give_token(self, _request: Request, fields: _Fields) -> Answer:
        key, now = self._good_key(fields), self._state.clock.now()
        ends = key.expires
        if (wanted := fields.get("SessionDuration")) is not None:
            least, most = CONSOLE_SECONDS
            if not (wanted.isascii() and wanted.isdigit() and least <= int(wanted) <= most) or key.caller.is_chained:
                raise _invalid()
            ends = now + int(wanted)
        token = secrets.token_urlsafe(240)
        self._tokens[token] = _Token(sign_in=_SignIn(key=key, ends=ends), until=now + TOKEN_SECONDS)
        body = json.dumps({"SigninToken": token}).encode()
        return Answer(status=200, headers=_headers("application/json", body), body=body)

    def _log_in(self, request: Request, fields: _Fields) -> Answer:
        now = self._state.clock.now()
        target = _own_address(request, fields.get("Destination", ""))
        token = self._tokens.get(fields.get("SigninToken", ""))
        if token is None or now >= token.until:
            raise Refused("InvalidToken", 400, "The token in this address is unknown, used, or older than 15 minutes.")
        other = self._signed_in(request)
        if other is not None and other.key.caller.role_arn != token.sign_in.key.caller.role_arn:
            raise Refused("SignedIn", 400, "You must first log out before logging into a different AWS account.")
        del self._tokens[fields["SigninToken"]]
        browser = secrets.token_urlsafe(24)
        self._browsers[browser] = token.sign_in
        return _redirect(target, f"{COOKIE}={browser}; Path=/; HttpOnly")

    def _log_out(self, request: Request, fields: _Fields) -> Answer:
        target = _own_address(request, fields.get("redirect_uri", ""))
        self._browsers.pop(_cookie(request), None)
        return _redirect(target, f"{COOKIE}=; Path=/; Max-Age=0")

    def _show_console(self, request: Request, _fields: _Fields) -> Answer:
        sign_in = self._signed_in(request)
        if sign_in is None:
            raise Refused("SignedOut", 403, "Your session has expired. Sign in again.")
        asked = request.path + (f"?{request.query}" if request.query else "")
        return _page(200, sign_in.key.caller.arn, asked, f"until {show(int(sign_in.ends))}")

    def _signed_in(self, request: Request) -> _SignIn | None:
        found = self._browsers.get(_cookie(request))
        return found if found is not None and self._state.clock.now() < found.ends else None

    def _key_of(self, fields: _Fields) -> Key | None:
        try:
            named = json.loads(fields.get("Session", "{}"))
            return self._state.key(str(named["sessionId"]))
        except (ValueError, KeyError, TypeError, RecursionError):
            return None

    def _good_key(self, fields: _Fields) -> Key:
        """Return the key of the given session. Raises Refused unless it is a valid one of a role."""
        key = self._key_of(fields)
        if key is None or not key.token or not key.active or key.caller.kind != "role":
            raise _invalid()
        brought = json.loads(fields["Session"])
        for name, own in (("sessionKey", key.secret), ("sessionToken", key.token)):
            if not hmac.compare_digest(str(brought.get(name, "")).encode(), own.encode()):
                raise _invalid()
        if self._state.clock.now() >= key.expires:
            raise _invalid()
        return key

    def _record(self, action: str, fields: _Fields, key: Key | None, outcome: str, status: int) -> None:
        duration = fields.get("SessionDuration")
        self._calls.add(
            Call(
                action=action,
                service="signin",
                access_key_id=key.access_key_id if key else "",
                user=key.caller.arn if key else "",
                outcome=outcome,
                status=status,
                params={} if duration is None else {"SessionDuration": duration},
                at=self._state.clock.now(),
            )
        )

    def _action(self, request: Request) -> str:
        named = _fields(request).get("Action", "") if request.path in ("/federation", "/oauth") else ""
        return named if (request.path, named) in ACTIONS else OPEN_CONSOLE


def _fields(request: Request) -> _Fields:
    if request.method == "POST":
        return form_of(request.body)
    return dict(request.query_pairs())


def _cookie(request: Request) -> str:
    try:
        found = SimpleCookie(request.header("cookie") or "").get(COOKIE)
    except CookieError:
        return ""
    return found.value if found else ""


def _own_address(request: Request, address: str) -> str:
    """Return an address of this server. Raises Refused for any other: AWS redirects only to its own pages."""
    if not address.startswith(f"http://{request.header('host')}/") or not address.isprintable():
        raise Refused("InvalidDestination", 400, "The destination is not a page of the console.")
    return address


def _invalid() -> Refused:
    return Refused("InvalidCredentials", 400, "Invalid credentials parameter")


def _redirect(target: str, cookie: str) -> Answer:
    headers = (("Location", target), ("Set-Cookie", cookie), *_headers("text/html; charset=utf-8", b""))
    return Answer(status=302, headers=headers, body=b"")


def _page(status: int, title: str, *lines: str) -> Answer:
    text = "".join(f"<p>{escape(line)}</p>\n" for line in lines)
    body = f"<!DOCTYPE html>\n<title>AWS console (sandbox)</title>\n<h1>{escape(title)}</h1>\n{text}".encode()
    return Answer(status=status, headers=_headers("text/html; charset=utf-8", body), body=body)


def _headers(kind: str, body: bytes) -> tuple[tuple[str, str], ...]:
    return (("Content-Type", kind), ("Content-Length", str(len(body))), ("Cache-Control", "no-store"))
