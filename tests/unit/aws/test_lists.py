"""The long lists of IAM's answers: what is read of them is what botocore reads."""

from collections.abc import Mapping
from typing import Any
from xml.sax.saxutils import escape

import boto3
import botocore.exceptions
import pytest
from botocore.awsrequest import AWSResponse
from botocore.compat import HTTPHeaders
from hypothesis import given, settings
from hypothesis import strategies as st

from mfasession.aws import lists
from mfasession.aws.account import LISTS

OPERATION = "GetAccountAuthorizationDetails"


class Raw:
    """A body as urllib3 gives it."""

    def __init__(self, body: bytes) -> None:
        self._body = body

    def stream(self, **_: object) -> list[bytes]:
        """The body in one piece."""
        return [self._body]


class Answering:
    """A client of IAM that is answered with `body`."""

    def __init__(self, *, reads_lists: bool) -> None:
        self.body = b""
        self.status = 200
        session = boto3.Session("AKIAIOSFODNN7EXAMPLE", "secret", region_name="us-east-1")
        self.client = session.client("iam")
        if reads_lists:
            for operation, shape in LISTS.items():
                lists.take_over(self.client, operation, shape)
        self.client.meta.events.register("before-send", self._answer)

    def _answer(self, request: Any, **_: object) -> AWSResponse:
        return AWSResponse(request.url, self.status, HTTPHeaders(), Raw(self.body))

    def outcome(self, body: str, status: int = 200) -> Any:
        """What the operation returns, without what is said of the answer; or the kind of error."""
        self.body, self.status = body.encode(), status
        try:
            found = dict(self.client.get_account_authorization_details())
        except botocore.exceptions.ClientError as error:
            return error.response["Error"]
        except Exception:  # noqa: BLE001  # the parsers raise anything, which is translated in one place
            return "not AWS"
        del found["ResponseMetadata"]
        return found


@pytest.fixture(scope="module")
def both() -> tuple[Answering, Answering]:
    """A client that reads lists in our way, and one of botocore alone."""
    return Answering(reads_lists=True), Answering(reads_lists=False)


def answer(inside: str, space: str = ' xmlns="https://iam.amazonaws.com/doc/2010-05-08/"') -> str:
    """An answer with this result."""
    return (
        f"<{OPERATION}Response{space}><{OPERATION}Result>{inside}</{OPERATION}Result>"
        f"<ResponseMetadata><RequestId>7a62</RequestId></ResponseMetadata></{OPERATION}Response>"
    )


def wanted(value: Any, shape: Any) -> Any:
    """The part of botocore's value that the shape names."""
    if isinstance(shape, list):
        return [wanted(each, shape[0]) for each in value]
    if isinstance(shape, Mapping):
        return {name: wanted(each, shape[name]) for name, each in value.items() if name in shape}
    return value


DOCUMENTS = ("%7B%22Version%22%3A%222012-10-17%22%7D", "{}", "%5B1%5D", "%7B", "no")
"""Policies, which botocore decodes, and others."""
texts = st.sampled_from(DOCUMENTS) | st.text(st.characters(exclude_categories=("Cc", "Cs")), max_size=8)
flags = st.sampled_from(("true", "false", "True", ""))


def element(name: str, inside: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    """An element of that name, or none."""
    return st.just("") | st.just(f"<{name}/>") | inside.map(lambda each: f"<{name}>{each}</{name}>")


def rendered(shape: Any) -> st.SearchStrategy[str]:
    """XML of a shape: any members in any order, with others between them."""
    if shape is str:
        return texts.map(escape)
    if shape is bool:
        return flags
    if isinstance(shape, list):
        return st.lists(rendered(shape[0]), max_size=2).map(
            lambda members: "".join(f"<member>{each}</member>" for each in members)
        )
    more = st.sampled_from(("", "<Path>/</Path>", "<CreateDate>2026-01-01T00:00:00Z</CreateDate>", "\n <!-- x -->"))
    members = [element(name, rendered(each)) for name, each in shape.items()]
    return st.tuples(*members, more).flatmap(st.permutations).map("".join)


@settings(max_examples=40)
@given(st.data())
def test_what_is_read_is_what_botocore_reads(both: tuple[Answering, Answering], data: st.DataObject) -> None:
    """Any members in any order, empty ones, others between them, with a namespace and without."""
    shape = LISTS[OPERATION]
    body = answer(data.draw(rendered(shape)), data.draw(st.sampled_from(("", ' xmlns="urn:x"'))))
    ours, theirs = (each.outcome(body) for each in both)
    assert ours == wanted(theirs, shape)


DENIED = "<ErrorResponse><Error><Code>AccessDenied</Code><Message>no</Message></Error></ErrorResponse>"
ODD = {
    "no XML": ("Sign in", 200),
    "cut off": (answer("<IsTruncated>true</IsTruncated>")[:-20], 200),
    "empty": ("", 200),
    "another result": ("<GetUserResponse><GetUserResult/></GetUserResponse>", 200),
    "denied": (DENIED, 403),
    "an error with 200": (DENIED, 200),
    "a page with 502": ("<html><body>Bad gateway</body></html>", 502),
}


@pytest.mark.parametrize("case", ODD)
def test_odd_answers_end_as_with_botocore(both: tuple[Answering, Answering], case: str) -> None:
    """The same error."""
    ours, theirs = (each.outcome(*ODD[case]) for each in both)
    assert ours == theirs


def test_a_name_twice_is_not_of_aws(both: tuple[Answering, Answering]) -> None:
    """No value is taken for the other; botocore returns elements of its parser."""
    assert both[0].outcome(answer("<Marker>a</Marker><Marker>b</Marker>")) == "not AWS"
