"""Removes a device: deactivates it, deletes a virtual one, and forgets our data about it."""

from typing import TYPE_CHECKING

from mfasession import codes
from mfasession.aws.devices import AwsDevices
from mfasession.aws.errors import Denied, NotFound
from mfasession.errors import MfaSessionError, StoreError
from mfasession.keys import issued
from mfasession.mfa.first_login import as_a_login
from mfasession.sessions import Context
from mfasession.sessions.state import State
from mfasession.stores.encrypted.seeds import Seeds
from mfasession.stores.keyrings.backend import KeyringAbsent

if TYPE_CHECKING:
    from mfasession.aws.model import Device
    from mfasession.mfa.list import Listing
    from mfasession.profiles import Profile


class Removal:
    """The removal of one device."""

    def __init__(self, context: Context, profile: "Profile", listed: "Listing", device: "Device", named: str) -> None:
        """`named` is how the person has named the device; empty when it was chosen."""
        self._context, self._profile, self._named = context, profile, named
        self._listed, self.device = listed, device

    @property
    def is_own(self) -> bool:
        """Whether the user has it; otherwise it is an unassigned virtual device."""
        return self._listed.own(self.device.serial)

    @property
    def is_last(self) -> bool:
        """Whether no other device gives codes."""
        able = [each.device for each in self._listed.devices if not each.device.is_fido]
        return able == [self.device]

    def run(self) -> list[MfaSessionError]:
        """Remove it with an MFA session; return the failures after that.

        Raises InputNeeded, Cancelled, AwsRefused, AwsUnreachable.
        """
        session = issued.for_iam(as_a_login(self._context), self._profile, {self._listed.key_id})
        aws = AwsDevices(self._profile, session, self._context.environ)
        if self.is_own:
            aws.deactivate(self._listed.user, self.device.serial)
        return [*self._delete(aws), *self._forget()]

    def _delete(self, aws: AwsDevices) -> list[MfaSessionError]:
        if not self.device.is_virtual:
            return []
        try:
            aws.delete(self.device.serial)
        except NotFound:
            return []
        except MfaSessionError as failure:
            failure.message += f"; device {self.device.name} has no user now, but is still in the account"
            if isinstance(failure, Denied):
                failure.hint = f"an administrator deletes it: {self.device.serial}"
            else:
                failure.hint = self._deletes_it()
            return [failure]
        return []

    def _deletes_it(self) -> str:
        if self._named == self.device.serial:
            return "run it again: it deletes the device"
        return f"{self._context.command_line('mfa', 'remove', '--serial', self.device.serial)} deletes it"

    def _forget(self) -> list[MfaSessionError]:
        """Forget it as the key's device, and its seed."""
        failures: list[MfaSessionError] = []
        state = State(self._context.environ)
        try:
            known = state.device(self._listed.key_id)
            if known is not None and known.serial == self.device.serial:
                state.forget_device(self._listed.key_id)
        except MfaSessionError as failure:
            failures.append(failure)
        try:
            keys_in, no_input = self._profile.settings.keys_in, self._context.request.no_input
            Seeds(self._context.environ, keys_in, no_input=no_input).forget(self.device.serial)
        except StoreError as failure:
            # A seed without a device is useless, so a failing keyring is not reported.
            if codes.source_class(self._profile.settings.code).uses_seed and not isinstance(failure, KeyringAbsent):
                failures.append(failure)
        return failures
