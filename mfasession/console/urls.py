"""Addresses of AWS's sign-in and console. No I/O.

Sources: IAM User Guide, "Enable custom identity broker access to the AWS console"; AWS General Reference, "AWS Sign-In
endpoints" and "AWS Management Console endpoints"; for aws-eusc botocore's endpoints of AWS Sign-In, and
ByteNess/aws-vault #285 for the console. AWS does not document the sign-out that redirects to a given
address, which works in us-east-1 (ByteNess/aws-vault #1, kionsoftware/kion-cli #35).
"""

from urllib.parse import parse_qsl, urlencode

from mfasession.errors import ConfigurationError
from mfasession.profiles import regions
from mfasession.values import Value

PARTITIONS = {
    "aws": ("signin.aws.amazon.com", "console.aws.amazon.com"),
    "aws-cn": ("signin.amazonaws.cn", "console.amazonaws.cn"),
    "aws-us-gov": ("signin.amazonaws-us-gov.com", "console.amazonaws-us-gov.com"),
    "aws-eusc": ("signin.amazonaws-eusc.eu", "console.amazonaws-eusc.eu"),
}
"""Hosts of the sign-in and the console in each partition."""
_UNNAMED = ("us-east-1", "us-gov-west-1")
"""Regions whose sign-in host has no region in its name."""
_ONLY_NAMED = {"aws-eusc": "eusc-de-east-1"}
"""Partitions whose sign-in host always has a region, and its default region."""
_SIGN_OUT = "us-east-1.signin.aws.amazon.com"
_HOME = "/console/home"


class Site(Value):
    """Base addresses, without a slash at the end."""

    signin: str
    console: str


def check_region(region: str, partition: str) -> None:
    """Raise ConfigurationError for a region with an invalid name (part of a host name) or of another partition.

    An empty region is accepted.
    """
    if not region:
        return
    if not regions.is_name(region):
        raise ConfigurationError("the region is not a region's name", "fix region or AWS_REGION, or give --region")
    if not regions.is_in(region, partition):
        raise ConfigurationError(
            f"region {region} is not in partition {partition}, where the role is",
            "fix region or AWS_REGION, or give --region",
        )


def site(partition: str, region: str, *, configured: str = "", signs_out: bool = False) -> Site:
    """Return the sign-in and console of a partition; `region` is checked already, or empty.

    `configured` is an endpoint for all of AWS, as for a sandbox: it serves as both hosts. `signs_out`: the sign-in must
    be one that redirects after a sign-out. Raises ConfigurationError for an unknown partition.
    """
    if configured:
        base = configured.rstrip("/")
        return Site(signin=base, console=base)
    if partition not in PARTITIONS:
        raise ConfigurationError(
            f"no console is known in partition {partition}", f"known partitions: {', '.join(PARTITIONS)}"
        )
    signin, console = PARTITIONS[partition]
    if partition == "aws" and signs_out:
        signin = _SIGN_OUT
    elif partition in _ONLY_NAMED:
        signin = f"{region or _ONLY_NAMED[partition]}.{signin}"
    elif partition != "aws-cn" and region and region not in _UNNAMED:
        signin = f"{region}.{signin}"
    if partition == "aws" and region:
        console = f"{region}.{console}"
    return Site(signin=f"https://{signin}", console=f"https://{console}")


def page(its_site: Site, region: str, *, service: str = "", path: str = "") -> str:
    """Return the address of a console page: a service's, the one at a path, or the home page."""
    where, mark, fragment = (path or (f"/{service}/home" if service else _HOME)).partition("#")
    _, _, query = where.partition("?")
    if region and "region" not in dict(parse_qsl(query, keep_blank_values=True)):
        where += f"{'&' if '?' in where else '?'}{urlencode({'region': region})}"
    return f"{its_site.console}{where}{mark}{fragment}"


def login(its_site: Site, destination: str, token: str) -> str:
    """Return the address that signs a browser in and redirects it to a console page. It is a secret."""
    fields = {"Action": "login", "Destination": destination, "SigninToken": token}
    return f"{its_site.signin}/federation?{urlencode(fields)}"


def logout(its_site: Site, then: str) -> str:
    """Return the address that signs a browser out and redirects it."""
    return f"{its_site.signin}/oauth?{urlencode({'Action': 'logout', 'redirect_uri': then})}"
