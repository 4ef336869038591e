"""The gateway to moto, a WSGI callable: refuses unsigned, expired, skewed and denied requests."""

import json
import logging
import re
import socket
import uuid
from collections.abc import Callable, Iterable
from http import HTTPStatus
from urllib.parse import quote_plus

from mfasession.sandbox import (
    iam_account,
    iam_mfa,
    operations,
    passwords,
    sigv2,
    sigv4,
    simulation,
    sts,
    web_identity,
    xml,
)
from mfasession.sandbox.authenticated import AuthenticatedRequest
from mfasession.sandbox.authentication import authenticate
from mfasession.sandbox.aws_errors import QUERY, Answer, Refused, refused, written
from mfasession.sandbox.call_log import Call, CallLog, shown
from mfasession.sandbox.control import Control
from mfasession.sandbox.faults import Faults, HangUp, after, before
from mfasession.sandbox.federation import Federation
from mfasession.sandbox.moto_backend import NotPlayed
from mfasession.sandbox.operations import Operation
from mfasession.sandbox.request import Environ, Request
from mfasession.sandbox.sigv2 import UrlSignature
from mfasession.sandbox.sigv4 import Signature
from mfasession.sandbox.state import Key, State

StartResponse = Callable[[str, list[tuple[str, str]]], object]

_MOTOS_OWN_DOORS = ("/moto-api", "/favicon.ico", "/latest/meta-data/", "/latest/api/")
_SIGNING_FIELDS = re.compile(r"X-Amz-(Algorithm|Credential|Date|Expires|SignedHeaders|Signature|Security-Token)=")
_SIGNING_FIELDS_2 = re.compile(r"(AWSAccessKeyId|Signature|Expires|x-amz-security-token)=")
_log = logging.getLogger("mfasession.sandbox")
# Without a handler, Python would write tracebacks to stderr, between the output of the command.
_log.addHandler(logging.NullHandler())


class Gateway:
    """Authenticates, applies faults and policies, answers STS and MFA calls itself and passes others to moto."""

    def __init__(self, state: State, faults: Faults, calls: CallLog, control: Control) -> None:
        self._state = state
        self._faults = faults
        self._calls = calls
        self._control = control
        self._federation = Federation(state, faults, calls)

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        """Answer one request (PEP 3333)."""
        try:
            request = Request(environ)
            answer = self._answered(request)
        except HangUp:
            _close(environ)
        except (ValueError, RecursionError):
            # No AWS client sends such a request: an invalid URL or number, endless nesting.
            _log.exception("a request that cannot be read")
            # The last one: where the next request would begin is not known.
            answer = written(Refused("MalformedInput", 400, "Invalid Argument"), QUERY, str(uuid.uuid4())).last()
        start_response(f"{answer.status} {_phrase(answer.status)}", list(answer.headers))
        return [answer.body]

    def _answered(self, request: Request) -> Answer:
        if self._control.is_addressed(request):
            return self._control.answer(request)
        if self._federation.is_addressed(request):
            return self._federation.answer(request)
        return self._served(request)

    def _served(self, request: Request) -> Answer:
        signature, malformed = _signature(request)
        operation = self._operation(request, signature, self._state)
        fault = self._faults.take(operation.name)
        request_id, key, outcome = str(uuid.uuid4()), None, "ok"
        try:
            before(fault, operation.protocol)
            if signature is None and operation.name == web_identity.OPERATION:
                result = web_identity.assume(self._state, operation.params)
                answer = xml.answer("sts", operation.name, result, request_id)
            else:
                signed = _signed(request, signature, operation, malformed=malformed)
                key = authenticate(request, signed, self._state, operation.protocol)
                answer = self._authorised(request, signed, key, operation, request_id)
            outcome = _outcome(answer)
            answer = after(fault, answer)
        except Refused as refusal:
            answer = written(refusal, operation.protocol, request_id, head=request.method == "HEAD")
            outcome = refusal.code
        except HangUp:
            self._record(operation, signature, key, "hang_up", 0)
            raise
        self._record(operation, signature, key, outcome, answer.status)
        return answer

    def _operation(self, request: Request, signature: Signature | UrlSignature | None, state: State) -> Operation:
        service = signature.service if isinstance(signature, Signature) else "s3" if signature else ""
        region = signature.region if isinstance(signature, Signature) else state.moto.region
        return operations.read(request, service, state.place(region), state.moto.operation)

    def _authorised(
        self, request: Request, signature: Signature | UrlSignature, key: Key, operation: Operation, request_id: str
    ) -> Answer:
        state, caller = self._state.of(key.caller.arn) or self._state, key.caller
        if state is not self._state:
            operation = self._operation(request, signature, state)
        region = signature.region if isinstance(signature, Signature) else state.moto.region
        if not key.token:
            state.moto.note_use(key.access_key_id, operation.service, region, state.clock.now())
        authenticated = AuthenticatedRequest(
            state=state, key=key, operation=operation, region=region, user_agent=request.header("user-agent") or ""
        )
        if operation.service == "sts":
            handle = sts.handler(operation.name)
            sts.check_credentials(authenticated)
            if operation.name != "AssumeRole" and operation.permission not in sts.NEVER_DENIED:
                authenticated.check_policies()
            return xml.answer("sts", operation.name, handle(authenticated), request_id)
        if operation.service == "iam" and caller.is_user_session and caller.mfa_at is None:
            raise refused("unknown key", QUERY)
        handlers = {**iam_account.HANDLERS, **simulation.HANDLERS, **passwords.HANDLERS}
        own = iam_mfa.handler(authenticated) or handlers.get(operation.name)
        if own is None or own is not iam_mfa.get_user:
            named = operations.about_caller(operation, caller.user_name, state.place(region))
            authenticated = authenticated.replace(operation=named)
        authenticated.check_policies()
        if own is not None:
            return xml.answer("iam", operation.name, own(authenticated), request_id)
        if operation.service == "iam":
            iam_mfa.check_delete_user(authenticated)
        return self._by_moto(authenticated, request, signature)

    def _by_moto(
        self, authenticated: AuthenticatedRequest, request: Request, signature: Signature | UrlSignature
    ) -> Answer:
        operation, body, environ = authenticated.operation, request.body, dict(request.environ)
        if operation.service == "iam" and "UserName" in operation.params:
            name = f"UserName={quote_plus(str(operation.params['UserName']))}"
            body = body if b"UserName=" in body else body + b"&" + name.encode()
        if not isinstance(signature, Signature) or signature.presigned:
            environ |= _as_if_in_header(request, signature, authenticated.region)
        answering = _answering(authenticated)
        try:
            return answering.moto.answer(environ, body)
        except NotPlayed:
            raise Refused("NotImplemented", 501, f"the sandbox does not play {operation.permission}") from None
        except Exception:  # noqa: BLE001  # whatever moto's code raises
            # A fault of moto: the caller gets AWS's "internal failure", the developer gets the traceback.
            _log.exception("moto failed at %s", operation.permission)
            raise refused("error500", operation.protocol) from None

    def _record(
        self,
        operation: Operation,
        signature: Signature | UrlSignature | None,
        key: Key | None,
        outcome: str,
        status: int,
    ) -> None:
        self._calls.add(
            Call(
                action=operation.name,
                service=operation.service,
                permission=operation.permission,
                region=signature.region if isinstance(signature, Signature) else "",
                access_key_id=signature.access_key_id if signature else "",
                user=key.caller.arn if key else "",
                outcome=outcome,
                status=status,
                params=shown(operation.params),
                at=self._state.clock.now(),
            )
        )


def _answering(request: AuthenticatedRequest) -> State:
    """The account whose data answer: in AWS Organizations, for a member account, those of the management account."""
    state, operation = request.state, request.operation
    if operation.service != "organizations" or operation.name == "DescribeOrganization":
        return state
    management, may_read = state.moto.organization_seen_from()
    if not management:
        return state
    if not may_read:
        text = "You don't have permissions to access this resource."
        raise Refused("AccessDeniedException", 400, text)
    return state.accounts[management]


def _signed(
    request: Request, signature: Signature | UrlSignature | None, operation: Operation, *, malformed: bool
) -> Signature | UrlSignature:
    """The signature, when there is one and the path is AWS's."""
    if malformed or signature is None or request.path.startswith(_MOTOS_OWN_DOORS):
        raise refused("malformed signature" if malformed else "unsigned", operation.protocol)
    return signature


def _signature(request: Request) -> tuple[Signature | UrlSignature | None, bool]:
    """The signature, and whether it is malformed."""
    try:
        return sigv4.read(request) or sigv2.read(request), False
    except sigv4.Malformed:
        return None, True


def _as_if_in_header(request: Request, signature: Signature | UrlSignature, region: str) -> Environ:
    """A presigned URL as moto needs it: without signing fields in the query, with the scope in a header."""
    fields = _SIGNING_FIELDS if isinstance(signature, Signature) else _SIGNING_FIELDS_2
    query = "&".join(part for part in request.query.split("&") if not fields.match(part))
    service = signature.service if isinstance(signature, Signature) else "s3"
    credential = f"{signature.access_key_id}/20200101/{region}/{service}/aws4_request"
    return {
        "QUERY_STRING": query,
        "RAW_URI": request.raw_path + (f"?{query}" if query else ""),
        "REQUEST_URI": request.raw_path + (f"?{query}" if query else ""),
        "HTTP_AUTHORIZATION": f"AWS4-HMAC-SHA256 Credential={credential}, SignedHeaders=host, Signature=presigned",
    }


def _outcome(answer: Answer) -> str:
    """`ok`, or the error code in moto's answer."""
    if answer.status < HTTPStatus.BAD_REQUEST:
        return "ok"
    headers = {name.lower(): value for name, value in answer.headers}
    if found := re.search(rb"<Code>([^<]+)</Code>", answer.body[:4096]):
        return found[1].decode()
    code = headers.get("x-amzn-errortype", "")
    if not code and answer.body[:1] == b"{":
        code = str(json.loads(answer.body).get("__type", ""))
    return code.rpartition("#")[2] or str(answer.status)


def _phrase(status: int) -> str:
    return HTTPStatus(status).phrase if status in set(HTTPStatus) else "Unknown"


def _close(environ: Environ) -> None:
    connection = environ.get("werkzeug.socket")
    if isinstance(connection, socket.socket):
        connection.shutdown(socket.SHUT_RDWR)
    # werkzeug reads this as a closed connection, and writes nothing.
    raise ConnectionResetError
