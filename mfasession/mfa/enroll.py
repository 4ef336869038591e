"""Enrolls a virtual device under the rule, up to the first session; continues an interrupted enrolment.

AWS creates the device and shows its seed; the seed is stored and handed over; two codes enable the device; only then is
the stored seed deleted. After each step, the next run can continue.
(A device that was created and never enabled cannot be deleted by its user: IAM User Guide, "Troubleshooting IAM".)
"""

import time
from collections.abc import Callable, Collection
from typing import TYPE_CHECKING

from mfasession import messages, sessions
from mfasession.aws.devices import LIMIT, AwsDevices
from mfasession.aws.errors import AlreadyThere, NotFound, Unanswered
from mfasession.aws.model import Device
from mfasession.codes import GivenCode
from mfasession.codes.totp import Seed as SeedSource
from mfasession.errors import AwsRefused, Cancelled, ConfigurationError, MfaSessionError, StoreError
from mfasession.files import locks, paths
from mfasession.keys import issued
from mfasession.mfa import code_pair, first_login, names
from mfasession.mfa.pending import Pending, PendingStore
from mfasession.mfa.seed_output import Seed, SeedOutputs
from mfasession.sessions import devices
from mfasession.sessions.connection import Connection
from mfasession.stores.encrypted.seeds import Seeds
from mfasession.stores.keyrings.backend import KeyringAbsent
from mfasession.values import Value, account_of

if TYPE_CHECKING:
    from mfasession.codes import CodeSource
    from mfasession.profiles import Profile
    from mfasession.sessions import Context
    from mfasession.values import Session

NEW, RESUME, ENABLED, GONE = "new", "resume", "enabled", "gone"
"""The states of an enrolment: not begun; waiting for its codes; enabled, but the last run ended before it knew; of a
device that AWS does not have any more."""
SETTLED = 300
"""Seconds after which AWS lists a new device: IAM is eventually consistent, and the seed must not be
forgotten because a list is late."""
PAUSES = (1.0, 2.0, 4.0, 8.0)
"""Seconds between two tries to enable a device that IAM does not know everywhere yet."""
_MOST_NAMES = 9
"""The most names that are tried for one device."""


class EnrollOptions(Value):
    """The options of `mfa enroll`."""

    name: str = ""
    """As in `phone` or `/team/phone`; empty is the user's name, and accepts any existing device."""
    outputs: SeedOutputs
    codes: code_pair.PairSource | None = None
    """None: computed from the seed."""
    no_input: bool = False
    code_program: str = ""
    """The program that gives codes at logins and does not get the seed from us; empty when there is none."""


class Enrolled(Value):
    """How it ended."""

    device: Device
    account: str
    is_new: bool = True
    session: "Session | None" = None
    failures: tuple[MfaSessionError, ...] = ()
    """Failures of the first login and of deleting the seed; the device is enabled nevertheless."""
    named: str = ""
    """Serial number of another device in the profile."""


def standing(pending: Pending | None, own: Collection[str], unassigned: Collection[str] | None, now: float) -> str:
    """Return the state of an enrolment from serial numbers. `unassigned` is None when unknown."""
    if pending is None:
        return NEW
    if pending.serial in own:
        return ENABLED
    if unassigned is None or pending.serial in unassigned or now - pending.made < SETTLED:
        return RESUME
    return GONE


class Enrolment:
    """The enrolment of a device for one profile's user."""

    def __init__(
        self, context: "Context", profile: "Profile", options: EnrollOptions, say: Callable[[str], None]
    ) -> None:
        """`say` writes a line on stderr."""
        self._context, self._profile, self._options, self._say = context, profile, options, say
        self._connection = Connection(context.environ, profile, no_input=context.request.no_input)
        self._aws = AwsDevices(profile, self._connection.key, context.environ)

    def run(self) -> Enrolled:
        """Enroll a device, or finish an interrupted enrolment.

        Raises ConfigurationError, InputNeeded, Cancelled, AwsRefused, AwsUnreachable, StoreError. Once a device was
        created, the message says that it waits, and the hint how to continue.
        """
        identity = self._aws.identity()
        self._arn, self._user = identity.arn, issued.user_of(identity.arn)
        self._store = PendingStore(self._context.environ, self._arn)
        with locks.hold(paths.lock_file(self._context.environ, "enrolment", self._arn), timeout=2.0):
            self._own = self._aws.own(self._user)
            pending = self._store.load()
            own = {each.device.serial for each in self._own}
            state = standing(pending, own, self._unassigned(pending), time.time())
            if pending is not None and state == ENABLED:
                return self._found_enabled(pending)
            if pending is not None and state == GONE:
                self._say(f"device {self._device(pending).name}of the last run does not exist at AWS any more")
                self._forget(pending)
            return self._enrolled(pending if state == RESUME else None)

    def _found_enabled(self, pending: Pending) -> Enrolled:
        self._say(f"device {self._device(pending).name} was already enabled by the last run")
        if not self._options.outputs.is_kept:
            return self._finished(pending, None)
        self._options.outputs.keep(pending.serial, pending.seed)
        return self._finished(pending, SeedSource(lambda _: pending.seed))

    def _enrolled(self, pending: Pending | None) -> Enrolled:
        there = None if pending else self._there()
        if there is not None:
            return Enrolled(device=there, account=account_of(self._arn), is_new=False)
        self._check(pending)
        aws = self._able()
        if pending is None:
            pending = self._made(aws)
        else:
            self._say(f"continuing with device {self._device(pending).name}, which waits for its codes")
        try:
            codes = self._enable(aws, pending)
        except KeyboardInterrupt:
            raise self._waiting(pending, Cancelled("interrupted")) from None
        except MfaSessionError as failure:
            raise self._waiting(pending, failure) from None
        self._say(f"device {self._device(pending).name} of {self._user} in {account_of(self._arn)} is enabled")
        if self._options.outputs.on_terminal:
            self._say("clear this window and its history: the QR code in it is a copy of your device")
        return self._finished(pending, GivenCode(codes[1]))

    def _there(self) -> Device | None:
        """The wanted device if the user has it already. Raises ConfigurationError when there are only FIDO devices."""
        if not self._own:
            return None
        able = devices.usable(
            [each.device for each in self._own], self._user, self._context.command_line("mfa", "enroll")
        )
        if not self._options.name:
            return able[0]
        serial = names.read(self._options.name).serial(self._arn)
        return next((device for device in able if device.serial == serial), None)

    def _check(self, pending: Pending | None) -> None:
        """Raise foreseeable errors, before AWS creates a device that the user cannot delete."""
        if len(self._own) >= LIMIT:
            raise ConfigurationError(
                f"{self._user} has {len(self._own)} MFA devices, the most that AWS allows",
                self._context.command_line("mfa", "remove"),
            )
        if self._options.codes is not None:
            self._options.codes.check(no_input=self._options.no_input)
        self._options.outputs.check(self._seed(pending) if pending else None, no_input=self._options.no_input)
        if pending is None:
            self._store.check()

    def _able(self) -> AwsDevices:
        """The caller that may enable the device: the key for the first, an MFA session for others (AWS-2023-001)."""
        if not self._own:
            return self._aws
        key_id = self._connection.key.access_key_id
        session = issued.live(self._context, {key_id})
        if session is None:
            self._say(f"{self._user} has a device already, and AWS needs its code to add another one")
            session = sessions.session(first_login.as_a_login(self._context), self._profile)
        return AwsDevices(self._profile, session, self._context.environ)

    def _made(self, aws: AwsDevices) -> Pending:
        """Create a device at AWS, under another name if that one is taken, and store its seed."""
        name = names.read(self._options.name or self._user)
        for number in range(1, _MOST_NAMES + 1):
            this = name.numbered(number)
            try:
                made = aws.create(this.name, this.path)
            except AlreadyThere:
                continue
            except Unanswered as lost:
                lost.message += f"; AWS may have a device {this.name} now, but its seed is lost"
                lost.hint += ": it uses another name then"
                raise
            except AwsRefused as refused:
                if number > 1:
                    refused.message += f"; {self._taken(name)}"
                raise
            pending = Pending(serial=made.serial, seed=made.seed, made=int(time.time()))
            kept = self._kept(pending)
            if number > 1:
                self._say(f"{self._taken(name)}: the new one is {this.name}")
            self._say(f"device {this.name} was created for {self._user} in {account_of(self._arn)}; its seed {kept}")
            return pending
        raise ConfigurationError(
            f"all names from {name.name} to {name.numbered(_MOST_NAMES).name} are taken", "choose another: --name NAME"
        )

    def _kept(self, pending: Pending) -> str:
        try:
            self._store.keep(pending)
        except (StoreError, ConfigurationError) as failure:
            return f"could not be stored ({failure.message}): do not interrupt this"
        return f"is stored in {self._store.where} until it is enabled"

    def _taken(self, name: names.Name) -> str:
        """Why a device of that name is in the way."""
        is_left = name.serial(self._arn) in (self._listed() or ())
        whose = "left over from an unfinished enrolment, and deleting it needs MFA" if is_left else "in use"
        return f"AWS has a device {name.name} already, {whose}"

    def _enable(self, aws: AwsDevices, pending: Pending) -> code_pair.Pair:
        device = self._device(pending)
        if self._options.code_program:
            messages.complain(
                f"logins take their codes from {self._options.code_program}, which has no seed of device {device.name}",
                f"run {self._context.command_line('mfa', 'enroll', '--to-command', 'CMD')} before you give the codes: "
                "it gives the seed to CMD",
            )
        self._options.outputs.hand(self._seed(pending))

        def send(codes: code_pair.Pair) -> None:
            try:
                self._sent(aws, pending, codes)
            except (AlreadyThere, Unanswered):
                # A request without an answer may have enabled it.
                if pending.serial not in {each.device.serial for each in self._aws.own(self._user)}:
                    raise

        return code_pair.until_taken(
            self._options.codes or code_pair.ComputedPair(pending.seed), device, send, pending.seed
        )

    def _sent(self, aws: AwsDevices, pending: Pending, codes: code_pair.Pair) -> None:
        for number, pause in enumerate(PAUSES):
            try:
                return aws.enable(self._user, pending.serial, codes)
            except NotFound:
                if number == 0:
                    self._say("waiting until AWS knows the new device everywhere")
                time.sleep(pause)
        return aws.enable(self._user, pending.serial, codes)

    def _finished(self, pending: Pending, source: "CodeSource | None") -> Enrolled:
        """Log in with the device, if it is the only one, and delete the stored seed."""
        device = self._device(pending)
        enrolled = Enrolled(device=device, account=account_of(self._arn), named=self._profile.mfa_serial)
        key_id, failures = self._connection.key.access_key_id, list[MfaSessionError]()
        try:
            if not [each for each in self._own if each.device.serial != pending.serial]:
                made = first_login.log_in(self._context, self._profile, key_id, device, source, say=self._say)
                enrolled = enrolled.replace(session=made)
        except KeyboardInterrupt:
            failures.append(Cancelled("interrupted"))
        except MfaSessionError as failure:
            failures.append(failure)
        try:
            self._store.forget()
        except MfaSessionError as failure:
            failures.append(failure)
        return enrolled.replace(failures=tuple(failures))

    def _waiting(self, pending: Pending, failure: MfaSessionError) -> MfaSessionError:
        failure.message += f"; device {self._device(pending).name} waits for its codes"
        again = "run it again: it continues with this device"
        failure.hint = f"{failure.hint}; then {again}" if failure.hint else again
        return failure

    def _forget(self, pending: Pending) -> None:
        self._store.forget()
        try:
            self._seeds().forget(pending.serial)
        except KeyringAbsent:
            return

    def _seeds(self) -> Seeds:
        no_input = self._context.request.no_input
        return Seeds(self._context.environ, self._profile.settings.keys_in, no_input=no_input)

    def _unassigned(self, pending: Pending | None) -> Collection[str] | None:
        return self._listed() if pending else None

    def _listed(self) -> Collection[str] | None:
        try:
            return self._aws.unassigned()
        except AwsRefused:
            return None

    def _device(self, pending: Pending) -> Device:
        return Device(serial=pending.serial, user=self._user)

    def _seed(self, pending: Pending) -> Seed:
        return Seed(device=self._device(pending), secret=pending.seed)
