"""A call that gets no answer is left behind; one whose answers come late is waited for."""

import threading
import time
from collections.abc import Iterator

import pytest

from mfasession.stores.keyrings import in_thread, time_limit

SHORT = 0.4
"""Seconds of silence that are borne in these tests."""


@pytest.fixture
def release(monkeypatch: pytest.MonkeyPatch) -> Iterator[threading.Event]:
    """What ends the calls that a test has left behind."""
    monkeypatch.setattr(time_limit, "SILENCE", SHORT)
    monkeypatch.setattr(time_limit, "LONGEST", 20 * SHORT)
    event = threading.Event()
    yield event
    event.set()
    if in_thread._LeftBehind.call is not None:
        in_thread._LeftBehind.call.join()


def work() -> None:
    """Do what an answer makes a thread do."""
    until = time.thread_time() + 0.005
    while time.thread_time() < until:
        pass


@pytest.mark.usefixtures("release")
def test_results_and_errors_are_passed_on() -> None:
    """Handed over as it is, whatever it is."""
    assert in_thread.within_time(lambda: None) is None
    assert in_thread.within_time(lambda: "text") == "text"
    failure = KeyboardInterrupt("in the other thread")

    def fail() -> None:
        raise failure

    with pytest.raises(in_thread.CallFailed) as caught:
        in_thread.within_time(fail)
    assert caught.value.failure is failure
    assert (caught.value.__cause__, caught.value.__context__, str(caught.value)) == (None, None, "")


def test_silence(release: threading.Event) -> None:
    """One wait for all: what follows is refused at once while the first call hangs, and answered after it."""
    with pytest.raises(time_limit.NotAnswered):
        in_thread.within_time(release.wait)
    called: list[int] = []
    with pytest.raises(time_limit.NotAnswered):
        in_thread.within_time(lambda: called.append(1))
    assert called == []
    hanging = in_thread._LeftBehind.call
    assert hanging is not None
    release.set()
    hanging.join()
    in_thread.within_time(lambda: called.append(2))
    assert called == [2]


@pytest.mark.usefixtures("release")
def test_answers_that_come_late() -> None:
    """Many times the limit in all, and never as long without an answer."""

    def ask() -> str:
        for _ in range(10):
            time.sleep(SHORT / 2)
            work()
        return "all"

    assert in_thread.within_time(ask) == "all"


@pytest.mark.usefixtures("release")
def test_a_call_that_computes() -> None:
    """Importing the `keyring` package takes seconds on a busy machine, and no keyring is asked meanwhile."""

    def compute() -> str:
        until = time.monotonic() + 3 * SHORT
        while time.monotonic() < until:
            pass
        return "all"

    assert in_thread.within_time(compute) == "all"


def test_there_is_an_end_to_it(release: threading.Event, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever goes on: a backend that asks again and again without end is left behind, too."""
    monkeypatch.setattr(time_limit, "LONGEST", SHORT)

    def ask() -> None:
        while not release.is_set():
            work()

    with pytest.raises(time_limit.NotAnswered):
        in_thread.within_time(ask)


def test_looks_that_come_late_count_as_one(release: threading.Event, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where a twentieth of a second takes five, the service may take five times as long, too."""
    looks: list[float | None] = []

    def late(_: threading.Thread, timeout: float | None = None) -> None:
        looks.append(timeout)
        time.sleep(5 * time_limit.LOOK)

    monkeypatch.setattr(threading.Thread, "join", late)
    with pytest.raises(time_limit.NotAnswered):
        in_thread.within_time(release.wait)
    monkeypatch.undo()
    # The first of them may see the thread start.
    assert 8 <= len(looks) <= 8 + 3
    assert set(looks) == {time_limit.LOOK}


def test_a_system_that_cannot_measure_the_work_of_a_thread(
    release: threading.Event, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On macOS the limit is for the whole call."""
    monkeypatch.delattr(time, "pthread_getcpuclockid")
    assert in_thread.within_time(lambda: 1) == 1
    with pytest.raises(time_limit.NotAnswered):
        in_thread.within_time(release.wait)
