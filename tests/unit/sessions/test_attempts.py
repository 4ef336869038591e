"""The rules of asking for codes: never one twice, never without end."""

import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeVar

import pytest

from mfasession import errors
from mfasession.aws import errors as aws_errors
from mfasession.codes import CodeRequest, GivenCode, OnWaiting
from mfasession.sessions.attempts import CodeAttempts
from mfasession.sessions.state import State
from mfasession.totp import STEP
from mfasession.values import Session
from tests.helpers.support import made_session

SERIAL = "arn:aws:iam::123456789012:mfa/phone"
REQUEST = CodeRequest(serial=SERIAL, profile="work")
REFUSED = aws_errors.CodeRefused("AWS refused that code", "wait")
USED = "that code was sent to AWS before, and AWS takes each only once"

Result = TypeVar("Result")


class Source:
    """A source that gives these codes in turn, without waiting, and keeps what it was asked."""

    def __init__(self, *codes: str, interactive: bool = True, tries: int = 3) -> None:
        self.interactive = interactive
        self.tries = tries
        self.requests: list[CodeRequest] = []
        self.prepared: list[CodeRequest | None] = []
        self._codes = iter(codes)

    def available(self) -> bool:
        """It always answers."""
        return True

    def ask(self, request: CodeRequest, *, on_waiting: OnWaiting | None = None) -> str:
        """The next code."""
        self.requests.append(request)
        if on_waiting:
            self.prepared.append(on_waiting())
        return next(self._codes)


class Aws:
    """What AWS answers in turn: a session, or an error that it raises. Keeps what it was sent."""

    def __init__(self, state: State, *answers: Session | BaseException) -> None:
        self.sent: list[str] = []
        self.known_when_sent: list[bool] = []
        self._remembered = state
        self._answers = iter(answers)

    def connect(self) -> Callable[[str], Session]:
        """What sends a code."""
        return self.send

    def send(self, code: str) -> Session:
        """Take a code."""
        self.sent.append(code)
        self.known_when_sent.append(self._remembered.was_sent(SERIAL, code))
        answer = next(self._answers)
        if isinstance(answer, BaseException):
            raise answer
        return answer


def better(request: CodeRequest) -> CodeRequest:
    """What the background work makes of a request."""
    return request.replace(user="alice")


@pytest.fixture
def state(tmp_path: Path) -> State:
    """An empty state."""
    return remembered_in(tmp_path)


def remembered_in(folder: Path) -> State:
    """The state that is kept below a folder."""
    return State({"HOME": str(folder), "XDG_STATE_HOME": str(folder / "state")})


def in_one_step(tmp_path: Path, scenario: Callable[[State], Result]) -> Result:
    """What a scenario gives that began and ended in one step of 30 s, with a state of its own each time."""
    for attempt in range(10):
        step = time.time() // STEP
        result = scenario(remembered_in(tmp_path / str(attempt)))
        if time.time() // STEP == step:
            return result
    raise AssertionError("ten times in a row a step ended meanwhile")


def next_step() -> float:
    """When the next code comes."""
    return (time.time() // STEP + 1) * STEP


def exchanged(source: Source | GivenCode, aws: Aws, state: State) -> Session:
    """One exchange."""
    return CodeAttempts(source, REQUEST, state).run(aws.connect, prepare=better)


def test_an_accepted_code_is_sent_once_and_known_before(state: State) -> None:
    """It counts as sent before it is: whatever ends us meanwhile, it is not sent again."""
    source, aws = Source("123456"), Aws(state, made_session())
    assert exchanged(source, aws, state) == made_session()
    assert (aws.sent, aws.known_when_sent) == (["123456"], [True])
    assert state.was_sent(SERIAL, "123456")
    assert source.requests == [REQUEST]


def test_a_request_improved_in_the_background_reaches_the_source(state: State) -> None:
    """The question names the user as soon as AWS has answered."""
    source = Source("123456")
    exchanged(source, Aws(state, made_session()), state)
    assert source.prepared == [REQUEST.replace(user="alice")]


@pytest.mark.parametrize("interactive", [True, False])
def test_a_used_code_is_never_sent(tmp_path: Path, *, interactive: bool) -> None:
    """Noovolari/leapp#317: AWS would refuse it. Another is asked for, with the reason and the time the next comes."""

    def scenario(state: State) -> tuple[Source, Aws, float]:
        state.record_sent(SERIAL, "123456")
        source = Source("123456", "234567", interactive=interactive)
        aws = Aws(state, made_session())
        exchanged(source, aws, state)
        return source, aws, next_step()

    source, aws, then = in_one_step(tmp_path, scenario)
    assert aws.sent == ["234567"]
    # A program would give the same code again at once: it is not run again before the next one comes. A user may
    # have typed an old code or a wrong one, while the device shows one that AWS has never seen.
    waits = 0.0 if interactive else then
    assert source.requests == [REQUEST, REQUEST.replace(notice=USED, comes=then, not_before=waits)]


def test_a_wrong_code_typed_twice_holds_back_no_good_one(state: State) -> None:
    """It is sent once, and the right code, which AWS has never seen, is sent as soon as it is typed."""
    source, aws = Source("111111", "111111", "234567"), Aws(state, REFUSED, made_session())
    exchanged(source, aws, state)
    assert aws.sent == ["111111", "234567"]
    notices = ["", REFUSED.message, "AWS refused that code before, so it was not sent again"]
    assert [request.notice for request in source.requests] == notices
    assert [(request.not_before, request.comes) for request in source.requests] == [(0.0, 0.0)] * 3


def test_a_program_waits_only_for_a_code_that_was_sent(state: State) -> None:
    """Another device entry, a code typed elsewhere: what it gives is new, and is sent at once."""
    state.record_sent(SERIAL, "123456")
    source = Source("234567", interactive=False, tries=2)
    exchanged(source, Aws(state, made_session()), state)
    assert source.requests == [REQUEST]


def test_the_user_does_not_wait_for_another_users_code(tmp_path: Path) -> None:
    """A code was sent in this step, but a user can read the next one from the device as soon as it comes."""

    def scenario(state: State) -> list[CodeRequest]:
        state.record_sent(SERIAL, "123456")
        source = Source("234567")
        exchanged(source, Aws(state, made_session()), state)
        return source.requests

    assert in_one_step(tmp_path, scenario) == [REQUEST]


def test_another_devices_code_does_not_count(tmp_path: Path) -> None:
    """Two devices, the same six digits, the same step: no wait."""

    def scenario(state: State) -> list[CodeRequest]:
        state.record_sent("GAHT12345678", "123456")
        source = Source("123456", interactive=False)
        exchanged(source, Aws(state, made_session()), state)
        return source.requests

    assert in_one_step(tmp_path, scenario) == [REQUEST]


def test_a_given_code_that_was_used_is_refused_here(state: State) -> None:
    """`--code` gives no other one: AWS is not asked, and the user is asked to wait."""
    state.record_sent(SERIAL, "123456")
    aws = Aws(state)
    with pytest.raises(errors.AwsRefused) as caught:
        exchanged(GivenCode("123456"), aws, state)
    assert (caught.value.message, aws.sent) == (USED, [])
    assert caught.value.hint


def test_a_program_that_knows_one_code_only_is_not_run_for_ever(state: State) -> None:
    """It is run once more when the next code is due, and that is the end."""
    state.record_sent(SERIAL, "123456")
    source = Source(*["123456"] * 9, interactive=False, tries=2)
    with pytest.raises(errors.AwsRefused, match=USED):
        exchanged(source, Aws(state), state)
    assert len(source.requests) == 2


def test_a_program_that_gives_a_refused_code_again_is_not_run_for_ever(state: State) -> None:
    """AWS has refused it, and the program was given the time for another."""
    source, aws = Source(*["123456"] * 9, interactive=False, tries=2), Aws(state, REFUSED)
    with pytest.raises(errors.AwsRefused, match=USED):
        exchanged(source, aws, state)
    assert (len(source.requests), aws.sent) == (2, ["123456"])


@pytest.mark.parametrize(
    ("interactive", "codes"), [(True, ("111111", "222222", "333333")), (False, ("111111", "222222"))]
)
def test_a_refused_code_is_asked_for_again(tmp_path: Path, codes: Sequence[str], *, interactive: bool) -> None:
    """A user may have mistyped, and hears at once; a program is asked for the next code."""

    def scenario(state: State) -> tuple[Source, Aws, float]:
        source = Source(*codes, interactive=interactive, tries=len(codes))
        aws = Aws(state, *[REFUSED] * (len(codes) - 1), made_session())
        exchanged(source, aws, state)
        return source, aws, next_step()

    source, aws, then = in_one_step(tmp_path, scenario)
    assert aws.sent == list(codes)
    again = REQUEST.replace(notice=REFUSED.message, not_before=0.0 if interactive else then)
    assert source.requests[0] == REQUEST
    assert source.requests[1].notice in (REFUSED.message, "")
    assert [request.not_before for request in source.requests[1:]] == [again.not_before] * (len(codes) - 1)


@pytest.mark.parametrize("tries", [2, 3])
def test_it_stops_when_another_code_cannot_help(state: State, tries: int) -> None:
    """Three codes of a user, two of a program: AWS counts nine a device in three minutes, other tools' too."""
    source = Source("111111", "222222", "333333", "444444", tries=tries)
    aws = Aws(state, *[REFUSED] * 4)
    with pytest.raises(errors.AwsRefused) as caught:
        exchanged(source, aws, state)
    assert caught.value.message == f"AWS refused {tries} codes"
    assert "wait 3 minutes" in caught.value.hint
    assert len(aws.sent) == tries
    assert all(state.was_sent(SERIAL, code) for code in aws.sent)


def test_a_given_code_is_refused_in_awss_words(state: State) -> None:
    """One code, one try, one reason."""
    with pytest.raises(aws_errors.CodeRefused) as caught:
        exchanged(GivenCode("123456"), Aws(state, REFUSED), state)
    assert caught.value is REFUSED


@pytest.mark.parametrize(
    ("failure", "is_used"),
    [
        (aws_errors.Unanswered("no answer"), True),
        (aws_errors.DeviceRefused("no such device"), True),
        (errors.AwsRefused("denied"), True),
        (aws_errors.Throttled("busy"), False),
        (errors.AwsUnreachable("no network"), False),
        (KeyboardInterrupt(), True),
    ],
    ids=lambda value: type(value).__name__,
)
def test_a_failure_ends_the_question(state: State, failure: BaseException, *, is_used: bool) -> None:
    """The code counts as used unless AWS has surely not looked at it."""
    source, aws = Source("123456", "234567"), Aws(state, failure)
    with pytest.raises(type(failure)) as caught:
        exchanged(source, aws, state)
    assert caught.value is failure
    assert (len(source.requests), aws.sent) == (1, ["123456"])
    assert state.was_sent(SERIAL, "123456") is is_used


def test_a_code_is_not_used_up_while_aws_cannot_be_reached(state: State) -> None:
    """The network came too late: the same code may be typed again while it lives."""

    def connect() -> Callable[[str], Session]:
        raise errors.AwsUnreachable("no network")

    with pytest.raises(errors.AwsUnreachable):
        CodeAttempts(Source("123456"), REQUEST, state).run(connect, prepare=better)
    assert not state.was_sent(SERIAL, "123456")
