"""awsmfa (dcoker): `[identity]` holds the key, `[default]` the session that it makes.

Source: `awsmfa --help`; both names can be changed by the variables that it names there.
"""

from mfasession.awsfiles import parse
from mfasession.setup.importers import Found, Request
from mfasession.stores.keys.file import record_of

PLACE = "the section [identity] of the AWS credentials file"


def find(request: Request) -> list[Found]:
    """Return the identity's key, for the profile that the tool writes sessions to."""
    files, environ = request.aws_files, request.environ
    section = environ.get("AWS_MFA_IDENTITY_PROFILE") or "identity"
    profile = environ.get("AWS_MFA_TARGET_PROFILE") or "default"
    sections = parse(files.credentials_path, files.credentials_text())
    record = record_of(sections.get(section, {}))
    if record is None:
        return []
    session = sections.get(profile, {})
    return [
        Found(
            profile=profile,
            where=files.credentials_path,
            key=record.key,
            section=section,
            mfa_serial=environ.get("AWS_MFA_SERIAL_NUMBER", ""),
            removal=f"the section [{profile}] of {files.credentials_path}" if "awsmfa_expiration" in session else "",
        )
    ]
