"""An endpoint on loopback that is not AWS: it answers with an error that quotes all of the request.

GetCallerIdentity alone is answered as AWS does, so that what has a code in it is asked.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler
from xml.sax.saxutils import escape

from tests.helpers.support import web_server

ERROR = "<ErrorResponse><Error><Type>Sender</Type><Code>{code}</Code><Message>{text}</Message></Error></ErrorResponse>"

CALLER = (
    "<GetCallerIdentityResponse><GetCallerIdentityResult><Arn>arn:aws:iam::123456789012:user/alice</Arn>"
    "<UserId>AIDAIOSFODNN7EXAMPLE</UserId><Account>123456789012</Account></GetCallerIdentityResult>"
    "</GetCallerIdentityResponse>"
)


@contextmanager
def echoing(code: str = "ValidationError") -> Iterator[str]:
    """Serve until the block ends; the URL. `code` is AWS's name of the error, or `{said}` for the request itself."""

    class Echo(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            said = escape(f"not understood: {body} {self.headers}".replace("\r\n", " "))
            is_caller = "Action=GetCallerIdentity" in body
            answer = (CALLER if is_caller else ERROR.format(code=code.format(said=said), text=said)).encode()
            self.send_response(200 if is_caller else 400)
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, *_: object) -> None:
            pass

    with web_server(Echo) as url:
        yield url
