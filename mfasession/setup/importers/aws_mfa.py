"""aws-mfa (broamski): `[NAME-long-term]` holds the key, `[NAME]` the session that it makes.

Source: its README; other suffixes are a flag of its command line, so a section is also known by its `aws_mfa_device`.
"""

from mfasession.awsfiles import parse
from mfasession.setup.importers import Found, Request
from mfasession.stores.keys.file import record_of

PLACE = "sections [NAME-long-term] of the AWS credentials file"
_SUFFIX = "-long-term"


def find(request: Request) -> list[Found]:
    """Return a key for each section of its layout."""
    files = request.aws_files
    sections = parse(files.credentials_path, files.credentials_text())
    found = []
    for section, keys in sections.items():
        profile = section.removesuffix(_SUFFIX)
        record = record_of(keys)
        if record is None or not profile or (profile == section and "aws_mfa_device" not in keys):
            continue
        session = sections.get(profile, {}) if profile != section else {}
        found.append(
            Found(
                profile=profile,
                where=files.credentials_path,
                key=record.key,
                section=section,
                mfa_serial=keys.get("aws_mfa_device", ""),
                role_arn=keys.get("assume_role", ""),
                removal=f"the section [{profile}] of {files.credentials_path}" if "expiration" in session else "",
            )
        )
    return found
