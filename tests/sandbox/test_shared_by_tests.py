"""The sandbox that the tests of a process share."""

from tests.conftest import SharedSandbox
from tests.helpers.sandbox_clients import client, refusal, session


def test_a_late_call_of_an_earlier_test_is_not_shown(shared_aws: SharedSandbox) -> None:
    """A program that a test left calls when the next one counts; that one's own users are seen, of whatever name."""
    late = shared_aws.add_user("late")
    shared_aws.begin()
    before = shared_aws.calls()
    client(shared_aws, "iam", late.key).get_user()
    assert shared_aws.calls() == before
    own = shared_aws.add_user("prompt")
    client(shared_aws, "iam", own.key).get_user()
    assert [call.user for call in shared_aws.calls()[len(before) :]] == [own.arn]


def test_a_late_call_is_not_shown_after_the_account_was_emptied(shared_aws: SharedSandbox) -> None:
    """Its session is unknown then, and the next test's user may have the same name."""
    late = session(shared_aws, shared_aws.add_user("again"))
    shared_aws.begin()
    shared_aws.empty()
    shared_aws.add_user("again")
    assert refusal(client(shared_aws, "iam", late).get_user)[0] == "InvalidClientTokenId"
    assert shared_aws.calls() == []


def test_a_late_call_with_a_session_of_an_account_that_was_emptied(shared_aws: SharedSandbox) -> None:
    """A test may have had several accounts, one after the other."""
    late = session(shared_aws, shared_aws.add_user("first"))
    shared_aws.empty()
    shared_aws.begin()
    assert refusal(client(shared_aws, "iam", late).get_user)[0] == "InvalidClientTokenId"
    assert shared_aws.calls() == []
