"""MFA devices as in AWS: seeds, drift, used codes, and the limit of tries.

What the IAM User Guide does not say (two steps either way, nine tries in three minutes, a used code refused while it is
in the window) was recorded by clients of real AWS.
"""

import base64
import secrets
import threading

from mfasession.sandbox.aws_errors import INVALID_CODE_TEXT, UNABLE_TO_VALIDATE_TEXT, Refused
from mfasession.totp import STEP, code_at

WINDOW_STEPS = 2
"""A code is accepted this many steps before and after the device's own time."""
BUDGET_TRIES, BUDGET_SECONDS = 9, 180
"""Verifications of one device in each window of UTC time, successful ones included."""
SEARCH_STEPS = 1000
"""Most steps between AWS's time and a device's when it is enabled or resynchronised."""
DEVICES_OF_A_USER = 8


class MfaDevice:
    """One device. `secret` is empty for a FIDO device, `user_id` while it is unassigned."""

    def __init__(self, serial: str, secret: bytes, created: float) -> None:
        self.serial = serial
        self.secret = secret
        self.created = created
        self.user_id = ""
        self.enabled = 0.0
        self.drift_steps = 0
        self.last_pair_step: int | None = None
        self._used: set[int] = set()
        self._window = 0
        self._tries = 0

    @property
    def seed(self) -> str:
        """The secret in base32, as AWS shows it once."""
        return base64.b32encode(self.secret).decode().rstrip("=")

    @property
    def name(self) -> str:
        """The last part of the serial number."""
        return self.serial.rpartition("/")[2]

    @property
    def is_virtual(self) -> bool:
        """Whether this is an authenticator app, whose device stays when it is deactivated."""
        return ":mfa/" in self.serial

    def give_to(self, user_id: str, now: float) -> None:
        """Enable the device for a user."""
        self.user_id, self.enabled = user_id, now

    def take_back(self) -> None:
        """Deactivate the device."""
        self.user_id, self.enabled, self.drift_steps, self.last_pair_step = "", 0.0, 0, None

    def spend(self, code: str, now: float) -> None:
        """Accept a code once. Raises Refused: wrong, used, or too many tries in this window of three minutes."""
        window = int(now // BUDGET_SECONDS)
        if window != self._window:
            self._window, self._tries = window, 0
        if self._tries >= BUDGET_TRIES:
            raise unable_to_validate()
        self._tries += 1
        centre = int(now // STEP) + self.drift_steps
        steps = range(centre - WINDOW_STEPS, centre + WINDOW_STEPS + 1)
        self._used &= set(steps)
        good = next((step for step in steps if step not in self._used and self._code(step) == code), None)
        if good is None:
            raise Refused("AccessDenied", 403, INVALID_CODE_TEXT)
        self._used.add(good)

    def synchronise(self, first: str, second: str, now: float) -> bool:
        """Learn the drift from two consecutive codes, newer than the last pair; return False when they are not."""
        if not self.secret:
            return False
        here = int(now // STEP)
        distances = sorted(range(-SEARCH_STEPS, SEARCH_STEPS + 1), key=abs)
        for step in (here + distance for distance in distances):
            newer = self.last_pair_step is None or step > self.last_pair_step
            if newer and self._code(step) == first and self._code(step + 1) == second:
                # The second code is the one on the device now.
                self.drift_steps, self.last_pair_step = step + 1 - here, step + 1
                return True
        return False

    def _code(self, step: int) -> str:
        return code_at(self.secret, step * STEP)


class Devices:
    """All devices of the account, by serial number."""

    def __init__(self) -> None:
        self._devices: dict[str, MfaDevice] = {}
        self.lock = threading.RLock()

    def add(self, serial: str, now: float, *, secret: bytes | None = None) -> MfaDevice:
        """Create an unassigned device, with a random secret of 40 bytes unless one is given. Raises KeyError."""
        with self.lock:
            if serial in self._devices:
                raise KeyError(serial)
            device = MfaDevice(serial, secrets.token_bytes(40) if secret is None else secret, now)
            self._devices[serial] = device
            return device

    def remove(self, serial: str) -> None:
        """Delete a device."""
        with self.lock:
            del self._devices[serial]

    def get(self, serial: str) -> MfaDevice | None:
        """Return the device with this serial number."""
        return self._devices.get(serial)

    def all(self) -> list[MfaDevice]:
        """Return all devices, in the order of their creation."""
        return list(self._devices.values())

    def of(self, user_id: str) -> list[MfaDevice]:
        """Return the devices that are enabled for a user."""
        return [device for device in self.all() if device.user_id == user_id]

    def verify(self, serial: str, code: str, user_id: str, now: float, lag: float) -> None:
        """Accept a code of a user's device once. Raises Refused with one of AWS's two texts.

        `lag` is the seconds after which STS knows an enabled device.
        """
        with self.lock:
            device = self.get(serial)
            if device is None or device.user_id != user_id or not device.secret or now < device.enabled + lag:
                raise unable_to_validate()
            device.spend(code, now)


def unable_to_validate() -> Refused:
    """Return the refusal with four causes: serial number, user, enabled a moment ago, too many tries."""
    return Refused("AccessDenied", 403, UNABLE_TO_VALIDATE_TEXT)
