"""IAM's operations on MFA devices, with AWS's real answers. moto accepts any code and shows the seeds.

Sources: IAM API Reference; AWS security bulletin AWS-2023-001 (a key alone may neither add nor remove its user's
device once there is one); IAM User Guide, "Troubleshooting IAM" (devices left over from a cancelled enrolment).
"""

import base64
import struct
import zlib
from collections.abc import Mapping
from typing import Any

from mfasession.sandbox.authenticated import AuthenticatedRequest, Handler, Result
from mfasession.sandbox.aws_errors import Refused
from mfasession.sandbox.devices import DEVICES_OF_A_USER, MfaDevice
from mfasession.sandbox.moto_backend import User
from mfasession.sandbox.parameters import SERIAL_NUMBER, Text, check_texts
from mfasession.timestamps import show

_USER = Text(name="UserName", least=1, most=128, pattern=r"[\w+=,.@-]+", required=True)
_SERIAL = SERIAL_NUMBER.replace(required=True)
_CODES = tuple(
    Text(name=f"AuthenticationCode{number}", least=6, most=6, pattern=r"[\d]+", required=True) for number in (1, 2)
)


def create_virtual_mfa_device(request: AuthenticatedRequest) -> Result:
    """Create an unassigned device; its seed is shown only once."""
    check_texts(
        request.params, Text(name="VirtualMFADeviceName", least=1, most=226, pattern=r"[\w+=,.@-]+", required=True)
    )
    path = str(request.params.get("Path") or "/")
    serial = request.state.arn("iam", f"mfa{path}{request.params['VirtualMFADeviceName']}")
    try:
        device = request.state.devices.add(serial, request.state.clock.now())
    except KeyError:
        raise Refused(
            "EntityAlreadyExists", 409, "MFADevice entity at the same path and name already exists."
        ) from None
    # AWS answers blobs in base64, and the seed is a blob whose content is already base32.
    seed = base64.b64encode(device.seed.encode()).decode()
    picture = base64.b64encode(_blank_png()).decode()
    return {"VirtualMFADevice": {"SerialNumber": serial, "Base32StringSeed": seed, "QRCodePNG": picture}}


def enable_mfa_device(request: AuthenticatedRequest) -> Result:
    """Enable a device for a user with two consecutive codes. They are not used up for STS."""
    check_texts(request.params, _USER, _SERIAL, *_CODES)
    user, devices, now = user_named(request), request.state.devices, request.state.clock.now()
    with devices.lock:
        device = devices.get(str(request.params["SerialNumber"]))
        if device is None:
            raise _no_such_device(request)
        if device.user_id:
            raise Refused("EntityAlreadyExists", 409, "MFA Device is already in use.")
        _check_own_devices(request, user)
        if len(devices.of(user.id)) >= DEVICES_OF_A_USER:
            raise Refused("LimitExceeded", 409, f"Cannot exceed quota for MFADevicesPerUser: {DEVICES_OF_A_USER}")
        _synchronise(request, device, now)
        device.give_to(user.id, now)
    return {}


def resync_mfa_device(request: AuthenticatedRequest) -> Result:
    """Learn the drift of a device's clock from two consecutive codes."""
    check_texts(request.params, _USER, _SERIAL, *_CODES)
    with request.state.devices.lock:
        _synchronise(request, _device_of(request, user_named(request)), request.state.clock.now())
    return {}


def deactivate_mfa_device(request: AuthenticatedRequest) -> Result:
    """Deactivate a device. A virtual device stays, unassigned; any other is deleted."""
    check_texts(request.params, _USER, _SERIAL)
    user, devices = user_named(request), request.state.devices
    with devices.lock:
        device = _device_of(request, user)
        _check_own_devices(request, user)
        device.take_back()
        if not device.is_virtual:
            devices.remove(device.serial)
    return {}


def delete_virtual_mfa_device(request: AuthenticatedRequest) -> Result:
    """Delete an unassigned device."""
    check_texts(request.params, _SERIAL)
    devices = request.state.devices
    with devices.lock:
        device = devices.get(str(request.params["SerialNumber"]))
        if device is None or not device.is_virtual:
            raise _no_such_device(request)
        if device.user_id:
            raise Refused("DeleteConflict", 409, "MFA VirtualDevice in use. Must deactivate first.")
        devices.remove(device.serial)
    return {}


def list_mfa_devices(request: AuthenticatedRequest) -> Result:
    """List the devices of a user: virtual, hardware and FIDO."""
    user = user_named(request)
    members = [
        {"UserName": user.name, "SerialNumber": device.serial, "EnableDate": show(int(device.enabled))}
        for device in request.state.devices.of(user.id)
    ]
    return {"MFADevices": members, "IsTruncated": False}


def list_virtual_mfa_devices(request: AuthenticatedRequest) -> Result:
    """List the virtual devices of the account, without their seeds, in pages."""
    wanted = str(request.params.get("AssignmentStatus") or "Any")
    devices = [
        device
        for device in request.state.devices.all()
        if device.is_virtual and (wanted == "Any" or bool(device.user_id) == (wanted == "Assigned"))
    ]
    start, count = (
        int(str(request.params.get(name) or default)) for name, default in (("Marker", 0), ("MaxItems", 100))
    )
    listing = devices[start : start + count]
    owners = {device.user_id for device in listing}
    users = {user.id: user for user in list(request.state.moto.iam.users.values()) if user.id in owners}
    listed = [_listed(device, users.get(device.user_id)) for device in listing]
    page = {"VirtualMFADevices": listed}
    if start + count < len(devices):
        return {**page, "IsTruncated": True, "Marker": str(start + count)}
    return {**page, "IsTruncated": False}


def get_mfa_device(request: AuthenticatedRequest) -> Result:
    """Describe a FIDO device; AWS describes no other."""
    check_texts(request.params, _SERIAL)
    device = request.state.devices.get(str(request.params["SerialNumber"]))
    if device is None or device.user_id != user_named(request).id:
        raise Refused("NoSuchEntity", 404, "MFA Device invalid for user.")
    if device.secret:
        raise Refused("ValidationError", 400, "The serial number is not that of a FIDO security key.")
    enabled = {"EnableDate": show(int(device.enabled))}
    return {"SerialNumber": device.serial, "UserName": user_named(request).name, **enabled}


def get_user(request: AuthenticatedRequest) -> Result:
    """Describe the root user; moto describes all others."""
    root = request.state.root()
    return {"User": {"Path": "/", "UserId": root.unique_id, "Arn": root.arn, "CreateDate": "2020-01-01T00:00:00Z"}}


HANDLERS: Mapping[str, Handler] = {
    "CreateVirtualMFADevice": create_virtual_mfa_device,
    "EnableMFADevice": enable_mfa_device,
    "ResyncMFADevice": resync_mfa_device,
    "DeactivateMFADevice": deactivate_mfa_device,
    "DeleteVirtualMFADevice": delete_virtual_mfa_device,
    "GetMFADevice": get_mfa_device,
    "ListMFADevices": list_mfa_devices,
    "ListVirtualMFADevices": list_virtual_mfa_devices,
}


def handler(request: AuthenticatedRequest) -> Handler | None:
    """Return the handler of an IAM operation; None when moto answers it."""
    if request.operation.name == "GetUser" and request.caller.kind == "root" and not request.params.get("UserName"):
        return get_user
    return HANDLERS.get(request.operation.name)


def check_delete_user(request: AuthenticatedRequest) -> None:
    """Raise the refusal to delete a user who still has a device."""
    if request.operation.name == "DeleteUser" and request.state.devices.of(user_named(request).id):
        raise Refused("DeleteConflict", 409, "Cannot delete entity, must delete MFA device first.")


def user_named(request: AuthenticatedRequest) -> User:
    """Return the user that a request is about. Raises Refused."""
    name = str(request.params.get("UserName", ""))
    user = request.state.moto.iam.users.get(name)
    if user is None:
        raise Refused("NoSuchEntity", 404, f"The user with name {name} cannot be found.")
    return user


def _device_of(request: AuthenticatedRequest, user: User) -> MfaDevice:
    device = request.state.devices.get(str(request.params["SerialNumber"]))
    if device is None or device.user_id != user.id:
        raise Refused("NoSuchEntity", 404, "MFA Device invalid for user.")
    return device


def _check_own_devices(request: AuthenticatedRequest, user: User) -> None:
    own = request.caller.kind == "user" and request.caller.unique_id == user.id
    if own and request.caller.mfa_at is None and request.state.devices.of(user.id):
        raise Refused(
            "AccessDenied",
            403,
            "To complete this action, please ensure that you are authenticated with an MFA device that is enabled for "
            "this user.",
        )


def _synchronise(request: AuthenticatedRequest, device: MfaDevice, now: float) -> None:
    first, second = (str(request.params[f"AuthenticationCode{number}"]) for number in (1, 2))
    if not device.synchronise(first, second, now):
        raise Refused("InvalidAuthenticationCode", 403, "Authentication code for device is not valid.")


def _listed(device: MfaDevice, user: User | None) -> dict[str, Any]:
    if user is None:
        return {"SerialNumber": device.serial}
    about = {"Path": user.path, "UserName": user.name, "UserId": user.id, "Arn": user.arn}
    created = {"CreateDate": user.create_date.strftime("%Y-%m-%dT%H:%M:%SZ")}
    return {"SerialNumber": device.serial, "User": {**about, **created}, "EnableDate": show(int(device.enabled))}


def _no_such_device(request: AuthenticatedRequest) -> Refused:
    return Refused(
        "NoSuchEntity", 404, f"VirtualMFADevice with serial number {request.params['SerialNumber']} doesn't exist."
    )


def _blank_png() -> bytes:
    """A white image of one pixel, instead of a QR code."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = chunk(b"IHDR", struct.pack(">IIBBBBB", 1, 1, 8, 0, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + header + chunk(b"IDAT", zlib.compress(b"\x00\xff")) + chunk(b"IEND", b"")
