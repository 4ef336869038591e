"""When a server renews what it serves: what is known of one profile and the time in, the next step out. No I/O here."""

from mfasession.values import Session, Value

LOOK = 1.0
"""Seconds between two looks at the files: a `login` or `logout` elsewhere is seen that soon."""
FIRST_PAUSE = 10.0
"""Seconds until a renewal that failed is tried again; each further failure doubles them."""
LONGEST_PAUSE = 300.0
"""Seconds between two tries at most, and after a person said no."""

WAIT, RENEW, ASK, TELL = "wait", "renew", "ask", "tell"
"""What a step can be: nothing now; renew without anybody; ask a person; tell people that they must log in."""

ALONE, PERSON, NOBODY = "alone", "person", "nobody"
"""What a renewal takes: nobody at all, a person who can be asked from here, or a person who cannot."""


class Outlook(Value):
    """What is known of one profile. Times are epoch seconds."""

    session: Session | None
    margin: int
    """The profile's `refresh_margin` in seconds."""
    takes: str
    """ALONE, PERSON or NOBODY."""
    not_before: float = 0.0
    """When a try may be made again."""
    told: bool = False
    """Whether people were told already that this session ends and nobody can be asked."""


def step(outlook: Outlook, now: float) -> str:
    """Return what is to be done now.

    A person is asked while the old session lives and never afterwards: a question that nobody answered would keep every
    other login waiting for it. Renewals that need nobody are tried for ever.
    """
    if outlook.session is not None and outlook.session.is_fresh(now, outlook.margin):
        return WAIT
    is_alive = outlook.session is not None and outlook.session.is_alive(now)
    if outlook.takes == ALONE:
        return RENEW if now >= outlook.not_before else WAIT
    if outlook.takes == PERSON and is_alive:
        return ASK if now >= outlook.not_before else WAIT
    return WAIT if outlook.told else TELL


def next_try(now: float, failures: int, taken: str) -> float:
    """Return when to try again after so many failures in a row (1 or more), the last one a step `taken`."""
    if taken == ASK:
        return now + LONGEST_PAUSE
    return now + min(FIRST_PAUSE * (1 << min(failures - 1, 10)), LONGEST_PAUSE)
