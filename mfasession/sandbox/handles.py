"""Handles of the sandbox's users and devices, for tests."""

import json
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from mfasession import policy
from mfasession.sandbox.devices import MfaDevice
from mfasession.sandbox.state import State, new_key_id, new_secret
from mfasession.totp import STEP, code_at
from mfasession.values import LongTermKey, Secret

PolicyDocument = Mapping[str, Any]


class SandboxDevice:
    """A user's device. `drift` is the seconds by which its clock is ahead of AWS's."""

    def __init__(self, state: State, serial: str) -> None:
        self._state = state
        self.serial = serial
        self.drift = 0.0

    @property
    def name(self) -> str:
        """The last part of the serial number."""
        return self.serial.rpartition("/")[2]

    @property
    def seed(self) -> str:
        """The secret in base32, to put into another authenticator."""
        return self._device.seed

    def code(self, offset_steps: int = 0) -> str:
        """Return the code that the device shows now, by the sandbox's clock, or `offset_steps` steps of 30 s later."""
        if not self._device.secret:
            raise ValueError(f"{self.name} gives no codes")
        return code_at(self._device.secret, self._state.clock.now() + self.drift + offset_steps * STEP)

    def next_code(self) -> str:
        """Return the device's next code, without waiting and without moving the clock."""
        return self.code(1)

    @property
    def _device(self) -> MfaDevice:
        device = self._state.devices.get(self.serial)
        if device is None:
            raise ValueError(f"{self.serial} is deleted")
        return device


class SandboxUser:
    """An IAM user, their key and their devices."""

    def __init__(self, state: State, name: str, policies: Sequence[PolicyDocument]) -> None:
        self._state = state
        iam, region = state.moto.iam, state.moto.region
        for document in policies:
            policy.check(policy.read(document, kind=policy.Kind.IDENTITY))
        user = iam.create_user(region, name)
        for number, document in enumerate(policies):
            user.put_policy(f"policy-{number}", json.dumps(document))
        # moto's own IDs do not look like AWS's.
        user.id = new_key_id("AIDA")
        self.name = name
        self.arn = str(user.arn)
        self.unique_id = str(user.id)
        self.devices: list[SandboxDevice] = []
        self.key = self.add_key()

    def add_key(self) -> LongTermKey:
        """Make another key pair; moto refuses a third one."""
        made = self._state.moto.iam.create_access_key(self.name)
        made.secret_access_key = new_secret()
        return LongTermKey(access_key_id=made.access_key_id, secret_access_key=Secret(made.secret_access_key))

    def key_statuses(self) -> dict[str, str]:
        """Return the access key IDs that the user has now, each `Active` or `Inactive`."""
        listed = self._state.moto.iam.list_access_keys(self.name)
        return {str(key.access_key_id): str(key.status) for key in listed}

    def set_key_status(self, key_id: str, status: str) -> None:
        """Make a key `Active` or `Inactive`."""
        self._state.moto.iam.update_access_key(self.name, key_id, status)

    def age_key(self, key_id: str, seconds: float) -> None:
        """Make a key older by `seconds`."""
        for key in self._state.moto.iam.list_access_keys(self.name):
            if key.access_key_id == key_id:
                key.create_date -= timedelta(seconds=seconds)

    def put_policy(self, name: str, document: PolicyDocument) -> None:
        """Add or replace a policy of the user."""
        policy.check(policy.read(document, kind=policy.Kind.IDENTITY))
        self._state.moto.iam.get_user(self.name).put_policy(name, json.dumps(document))

    def delete_key(self, key_id: str) -> None:
        """Delete a key pair."""
        self._state.moto.iam.delete_access_key(key_id, self.name)

    def add_device(self, name: str = "phone") -> SandboxDevice:
        """Enable a virtual device for the user."""
        return self._enabled(self._state.arn("iam", f"mfa/{name}"))

    def add_hardware_device(self, serial: str) -> SandboxDevice:
        """Enable a hardware token; its serial number is not an ARN."""
        return self._enabled(serial)

    def add_fido_device(self, name: str) -> SandboxDevice:
        """Enable a FIDO key or passkey, which gives no codes."""
        return self._enabled(
            self._state.arn("iam", f"u2f/user/{self.name}/{name}-ABCDEFGHIJKLMNOPQRSTUVWXYZ"), secret=b""
        )

    def remove_device(self, serial: str) -> None:
        """Take a device from the user, and delete it."""
        self._state.devices.remove(serial)

    @property
    def device_serials(self) -> list[str]:
        """The serial numbers of all the user's devices."""
        return [device.serial for device in self._state.devices.of(self.unique_id)]

    def _enabled(self, serial: str, secret: bytes | None = None) -> SandboxDevice:
        now = self._state.clock.now()
        device = self._state.devices.add(serial, now, secret=secret)
        # Enabled so long ago that STS knows it.
        device.give_to(self.unique_id, now - 60)
        self.devices.append(SandboxDevice(self._state, serial))
        return self.devices[-1]
