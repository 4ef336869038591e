"""A made-up source of codes: `tests/contracts/test_one_file_to_add.py` adds it to a copy of the package."""

from mfasession.codes import CodeRequest, OnWaiting, Source
from mfasession.codes.question.background import Preparation
from mfasession.errors import Cancelled


class Dice(Source):
    """A program that always gives the same code."""

    def ask(self, request: CodeRequest, *, on_waiting: OnWaiting | None = None) -> str:
        """Return six digits. Raises Cancelled, and what `on_waiting` raised."""
        with Preparation(on_waiting) as preparation:
            try:
                preparation.wait_for_next_code(request.not_before)
            except KeyboardInterrupt:
                raise Cancelled("interrupted") from None
        return "654321"


SOURCE = Dice
