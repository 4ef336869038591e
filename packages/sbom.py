"""What a release consists of, as a CycloneDX document (ECMA-424), the same bytes for the same release."""

from uuid import NAMESPACE_URL, uuid5

from cyclonedx.factory.license import LicenseFactory
from cyclonedx.model import HashAlgorithm, HashType
from cyclonedx.model.bom import Bom
from cyclonedx.model.component import Component, ComponentScope, ComponentType
from cyclonedx.output import make_outputter
from cyclonedx.schema import OutputFormat, SchemaVersion
from packageurl import PackageURL

from packages import licenses
from packages.pins import Pin

_licenses = LicenseFactory()


def document(version: str, wheel_sha256: str, pins: list[Pin]) -> str:
    """Return the JSON of the wheel's document. `wheel_sha256` is in hex.

    It has no time of its making and its serial number follows from the wheel (RFC 4122, version 5): who builds the
    wheel again gets the same document.
    """
    bom = Bom(serial_number=uuid5(NAMESPACE_URL, f"https://github.com/mfasession/mfasession#{wheel_sha256}"))
    bom.metadata.timestamp = None  # type: ignore[assignment]  # the schema has it optional
    program = _component("mfasession", version, ComponentType.APPLICATION)
    program.hashes.add(HashType(alg=HashAlgorithm.SHA_256, content=wheel_sha256))
    bom.metadata.component = program
    parts = [_component(pin.name, pin.version, ComponentType.LIBRARY, is_everywhere=not pin.marker) for pin in pins]
    for part in parts:
        bom.components.add(part)
    bom.register_dependency(program, parts)
    text = make_outputter(bom, OutputFormat.JSON, SchemaVersion.V1_6).output_as_string(indent=2)
    return text + "\n"


def _component(name: str, version: str, kind: ComponentType, *, is_everywhere: bool = True) -> Component:
    return Component(
        name=name,
        version=version,
        type=kind,
        bom_ref=f"{name}@{version}",
        purl=PackageURL("pypi", name=name, version=version),
        scope=ComponentScope.REQUIRED if is_everywhere else ComponentScope.OPTIONAL,
        licenses=[_licenses.make_from_string(licenses.of(name))],
    )
