"""Where an enrolment stands, which names devices take, and how two codes are asked for."""

import time

import pytest

from mfasession.aws.errors import CodeRefused
from mfasession.aws.model import Device
from mfasession.codes import CodeRequest, OnWaiting
from mfasession.errors import AwsRefused, ConfigurationError, UsageError
from mfasession.mfa import code_pair, names
from mfasession.mfa.enroll import ENABLED, GONE, NEW, RESUME, SETTLED, standing
from mfasession.mfa.pending import Pending
from mfasession.totp import STEP, code_at, secret_of
from mfasession.values import Secret

USER = "arn:aws:iam::123456789012:user/staff/alice"
SERIAL = "arn:aws:iam::123456789012:mfa/alice"
PHONE = Device(serial=SERIAL, user="alice")
WAITS = Pending(serial=SERIAL, seed=Secret("GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"), made=1_000_000)


@pytest.mark.parametrize(
    ("pending", "own", "unassigned", "where"),
    [
        (None, [], [], NEW),
        (None, [SERIAL], None, NEW),
        (WAITS, [], [SERIAL, "other"], RESUME),
        (WAITS, [], None, RESUME),
        (WAITS, ["other"], [SERIAL], RESUME),
        (WAITS, [SERIAL], [], ENABLED),
        (WAITS, [SERIAL], None, ENABLED),
        (WAITS, [], ["other"], GONE),
    ],
)
def test_the_state_of_an_enrolment(
    pending: Pending | None, own: list[str], unassigned: list[str] | None, where: str
) -> None:
    """From what is kept here and what AWS lists; AWS may refuse to list the account's devices."""
    assert standing(pending, own, unassigned, 1_000_000 + SETTLED) == where


def test_a_list_may_be_late() -> None:
    """IAM is eventually consistent: a device that was made a moment ago and is not listed yet keeps its seed."""
    assert standing(WAITS, [], [], 1_000_000 + SETTLED - 1) == RESUME
    assert standing(WAITS, [SERIAL], [], 1_000_000) == ENABLED


@pytest.mark.parametrize(
    ("text", "serial"),
    [
        ("phone", "arn:aws:iam::123456789012:mfa/phone"),
        ("/phone", "arn:aws:iam::123456789012:mfa/phone"),
        ("/team/phone", "arn:aws:iam::123456789012:mfa/team/phone"),
        ("team/a/phone", "arn:aws:iam::123456789012:mfa/team/a/phone"),
        ("a.b-c_d@e,f+g=h", "arn:aws:iam::123456789012:mfa/a.b-c_d@e,f+g=h"),
    ],
)
def test_names_of_devices(text: str, serial: str) -> None:
    """As IAM takes them, with a path or without; the partition and the account are the user's."""
    assert names.read(text).serial(USER) == serial
    assert names.read(text).serial(USER.replace(":aws:", ":aws-cn:")) == serial.replace(":aws:", ":aws-cn:")


@pytest.mark.parametrize("text", ["", "/", "team/", "my phone", "t\xe9l", "a\nb", "\x1b[2J", "te am/phone", "x" * 300])
def test_names_that_iam_would_refuse(text: str) -> None:
    """Reported before AWS is asked, and nothing raw for the terminal."""
    with pytest.raises(UsageError) as caught:
        names.read(text)
    assert (caught.value.message + caught.value.hint).isprintable()


def test_another_name_when_one_is_taken() -> None:
    """`phone`, `phone-2`, `phone-3`, below the same path."""
    name = names.read("/team/phone")
    assert [name.numbered(number).name for number in (1, 2, 3)] == ["phone", "phone-2", "phone-3"]
    assert name.numbered(2).path == "/team/"


@pytest.mark.parametrize("text", [SERIAL, "alice"])
def test_which_device_is_meant(text: str) -> None:
    """By its ARN or its name; else the ones that there are."""
    token = Device(serial="GAHT12345678", user="alice")
    assert names.meant(text, [token, PHONE], "alice") == PHONE
    with pytest.raises(ConfigurationError) as caught:
        names.meant("bob", [token, PHONE], "alice")
    assert caught.value.hint == "one of GAHT12345678, alice"


def test_a_name_that_two_devices_have() -> None:
    """Neither is guessed, for one of them is about to be removed."""
    other = Device(serial="arn:aws:iam::123456789012:mfa/team/alice", user="alice")
    with pytest.raises(ConfigurationError) as caught:
        names.meant("alice", [PHONE, other], "alice")
    assert caught.value.hint == f"one of {PHONE.serial}, {other.serial}"
    assert names.meant(other.serial, [PHONE, other], "alice") == other


class Typed:
    """A user who types these codes, one after the other."""

    tries = 3

    def __init__(self, *typed: str, interactive: bool = True) -> None:
        self.interactive = interactive
        self.asked: list[CodeRequest] = []
        self._typed = list(typed)

    def available(self) -> bool:
        """There they are."""
        return True

    def ask(self, request: CodeRequest, *, on_waiting: OnWaiting | None = None) -> str:
        """The next code."""
        assert on_waiting is None
        self.asked.append(request)
        return self._typed.pop(0)


SECRET = secret_of(WAITS.seed.reveal())


def shown(steps: int = 0) -> str:
    """The code of so many steps from now."""
    return code_at(SECRET, time.time() + steps * STEP)


def in_mid_step() -> None:
    """No step of 30 s ends within the next few seconds."""
    while time.time() % STEP > STEP - 3:
        time.sleep(0.05)


def test_the_second_code_is_the_next_one() -> None:
    """The question says when it comes, and does not insist: a phone's clock may be off."""
    in_mid_step()
    typed = Typed(shown(), shown(1))
    assert code_pair.AskedPair(typed).ask(PHONE, "why", WAITS.seed) == (shown(), shown(1))
    first, second = typed.asked
    assert (first.wanted, first.notice, first.comes) == ("first code of device alice", "why", 0.0)
    assert (second.wanted, second.notice, second.not_before) == ("second code of device alice", "", 0.0)
    assert second.comes == (time.time() // STEP + 1) * STEP


def test_a_first_code_that_was_typed_late() -> None:
    """Its step is over, and the second code stands on the phone already: no wait for another is asked for."""
    in_mid_step()
    typed = Typed(shown(-1), shown())
    assert code_pair.AskedPair(typed).ask(PHONE, "", WAITS.seed) == (shown(-1), shown())
    assert typed.asked[1].comes <= time.time()


@pytest.mark.parametrize("hours", [-7, 7])
def test_a_phone_that_is_hours_off(hours: int) -> None:
    """AWS takes its codes, and so do we; when the next one comes is not guessed."""
    in_mid_step()
    codes = shown(hours * 120), shown(hours * 120 + 1)
    typed = Typed(*codes)
    assert code_pair.AskedPair(typed).ask(PHONE, "", WAITS.seed) == codes
    assert typed.asked[1].comes == 0.0


def test_codes_of_another_device() -> None:
    """A typing error, or another entry of the app: reported at once, and AWS is not asked."""
    in_mid_step()
    foreign = next(
        code for code in ("000000", "111111", "222222") if code_pair.step_of(SECRET, code, time.time()) is None
    )
    typed = Typed(foreign, shown(), foreign, shown(), shown(1))
    assert code_pair.AskedPair(typed).ask(PHONE, "", WAITS.seed) == (shown(), shown(1))
    assert [request.notice.partition(":")[0] for request in typed.asked] == [
        "",
        "that is not a code of this device",
        "",
        "that is not a code of this device",
        "that is the first code again",
    ]


def test_a_second_code_that_was_missed() -> None:
    """The one that was typed is the first now."""
    in_mid_step()
    typed = Typed(shown(-3), shown(-1), shown())
    assert code_pair.AskedPair(typed).ask(PHONE, "", WAITS.seed) == (shown(-1), shown())
    assert typed.asked[2].notice.startswith("that code does not follow the first one")


def test_without_the_seed_only_a_repetition_is_reported() -> None:
    """As for `resync`: AWS alone knows that device."""
    typed = Typed("111111", "111111", "222222")
    assert code_pair.AskedPair(typed).ask(PHONE, "") == ("111111", "222222")
    assert [(bool(request.notice), request.comes) for request in typed.asked] == [(False, 0), (False, 0), (True, 0)]


def test_a_program_is_made_to_wait() -> None:
    """Its clock is ours: it is not asked for the second code before that is there, and again when the step was over."""
    program = Typed("111111", "111111", "222222", interactive=False)
    assert code_pair.AskedPair(program).ask(PHONE, "") == ("111111", "222222")
    waits = [request.not_before for request in program.asked]
    assert waits[0] == 0
    assert (waits[1] % STEP, waits[2] - waits[1]) == (0, STEP)


def test_refused_codes_are_asked_for_anew() -> None:
    """Both, three times at most, with AWS's reason; none is sent twice."""
    typed, sent = Typed(*"123456"), list[code_pair.Pair]()

    def send(codes: code_pair.Pair) -> None:
        sent.append(codes)
        raise CodeRefused("AWS refused the two codes", "a hint")

    with pytest.raises(AwsRefused) as caught:
        code_pair.until_taken(code_pair.AskedPair(typed), PHONE, send)
    assert caught.value.message == "AWS refused 3 pairs of codes"
    assert sent == [("1", "2"), ("3", "4"), ("5", "6")]
    assert [request.notice for request in typed.asked[::2]] == [
        "",
        *["AWS refused the two codes; two new ones, please"] * 2,
    ]


def test_computed_codes_need_no_waiting() -> None:
    """The last step's and this one's: AWS takes any two in a row (RFC 6238)."""
    before = time.time()
    first, second = code_pair.ComputedPair(WAITS.seed).ask(PHONE, "")
    secret = secret_of(WAITS.seed.reveal())
    assert (first, second) in {(code_at(secret, now - STEP), code_at(secret, now)) for now in (before, time.time())}
