"""The connections of the sandbox: they stay open as AWS's do, so that clients meet what they meet there."""

import http.client
import json
import socket
from collections.abc import Iterator
from contextlib import closing, contextmanager
from urllib.parse import urlsplit

from mfasession.sandbox import Sandbox, SandboxUser
from tests.helpers.sandbox_clients import client, session
from tests.helpers.support import in_a_process


@contextmanager
def connection(aws: Sandbox) -> Iterator[http.client.HTTPConnection]:
    """One connection."""
    with closing(http.client.HTTPConnection("127.0.0.1", urlsplit(aws.url).port, timeout=20)) as opened:
        opened.connect()
        yield opened


def faults(aws: Sandbox) -> str:
    """A path that is answered without a signature."""
    return f"{urlsplit(aws.control_url).path}/faults"


def test_one_connection_takes_many_requests(aws: Sandbox) -> None:
    """As those of AWS; a client that asks for its end gets it."""
    with connection(aws) as opened:
        ours = opened.sock.getsockname()
        for _ in range(3):
            opened.request("GET", faults(aws))
            answer = opened.getresponse()
            assert (answer.status, json.loads(answer.read())) == (200, [])
            assert not answer.will_close
        assert opened.sock.getsockname() == ours
        opened.request("GET", faults(aws), headers={"Connection": "close"})
        answer = opened.getresponse()
        assert json.loads(answer.read()) == []
        assert answer.will_close


def test_a_body_and_head_leave_the_connection_usable(aws: Sandbox, alice: SandboxUser) -> None:
    """What a request brings is read to its end, and HEAD has no body: the next answer is the next request's."""
    s3 = client(aws, "s3", session(aws, alice, alice.devices[0]))
    s3.create_bucket(Bucket="connections", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    for size in (0, 1, 100_000):
        s3.put_object(Bucket="connections", Key="key", Body=bytes(size))
        assert s3.head_object(Bucket="connections", Key="key")["ContentLength"] == size
        assert s3.get_object(Bucket="connections", Key="key")["Body"].read() == bytes(size)


def test_a_request_without_a_known_end_is_the_last(aws: Sandbox) -> None:
    """What follows it would be read as another request."""
    for length in ("many", "-5"):
        with connection(aws) as opened:
            opened.putrequest("POST", "/")
            opened.putheader("Content-Length", length)
            opened.endheaders(b"Action=GetCallerIdentity")
            answer = opened.getresponse()
            assert (answer.status, answer.will_close) == (400, True)
            assert b"MalformedInput" in answer.read()


def test_who_waits_for_leave_to_send_a_body_gets_it_at_once(aws: Sandbox) -> None:
    """`Expect: 100-continue`, which clients of S3 send; botocore waits a second and then sends without."""
    with connection(aws) as opened:
        opened.putrequest("POST", "/")
        opened.putheader("Content-Length", "5")
        opened.putheader("Expect", "100-continue")
        opened.endheaders()
        assert opened.sock.recv(1000).startswith(b"HTTP/1.1 100 ")
        opened.send(b"a=b&c")
        assert opened.getresponse().status == 403


def test_a_stopped_sandbox_answers_no_one() -> None:
    """Nor on connections that were open, which clients keep."""
    script = """
import http.client
import json
from urllib.parse import urlsplit
from mfasession.sandbox import Sandbox
with Sandbox() as aws:
    opened = http.client.HTTPConnection("127.0.0.1", urlsplit(aws.url).port, timeout=20)
    opened.request("GET", urlsplit(aws.control_url).path + "/faults")
    print(json.loads(opened.getresponse().read()))
print(opened.sock.recv(1))
"""
    done = in_a_process(script)
    assert (done.stdout, done.stderr) == ("[]\nb''\n", "")


def test_a_silent_connection_does_not_keep_others_waiting(aws: Sandbox) -> None:
    """Browsers open some in advance."""
    with socket.create_connection(("127.0.0.1", urlsplit(aws.url).port or 0), 20), connection(aws) as opened:
        opened.request("GET", faults(aws))
        assert opened.getresponse().status == 200
