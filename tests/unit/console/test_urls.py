"""Where a browser is sent: hosts of partitions and regions, pages, and addresses that hold addresses."""

from urllib.parse import parse_qsl, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mfasession.console import urls
from mfasession.errors import ConfigurationError

SITE = urls.Site(signin="https://signin.aws.amazon.com", console="https://console.aws.amazon.com")


@pytest.mark.parametrize(
    ("partition", "region", "its_signin", "console"),
    [
        ("aws", "", "signin.aws.amazon.com", "console.aws.amazon.com"),
        ("aws", "us-east-1", "signin.aws.amazon.com", "us-east-1.console.aws.amazon.com"),
        ("aws", "eu-west-1", "eu-west-1.signin.aws.amazon.com", "eu-west-1.console.aws.amazon.com"),
        ("aws-cn", "", "signin.amazonaws.cn", "console.amazonaws.cn"),
        ("aws-cn", "cn-northwest-1", "signin.amazonaws.cn", "console.amazonaws.cn"),
        ("aws-eusc", "", "eusc-de-east-1.signin.amazonaws-eusc.eu", "console.amazonaws-eusc.eu"),
        ("aws-eusc", "eusc-de-east-1", "eusc-de-east-1.signin.amazonaws-eusc.eu", "console.amazonaws-eusc.eu"),
        ("aws-us-gov", "us-gov-west-1", "signin.amazonaws-us-gov.com", "console.amazonaws-us-gov.com"),
        ("aws-us-gov", "us-gov-east-1", "us-gov-east-1.signin.amazonaws-us-gov.com", "console.amazonaws-us-gov.com"),
    ],
)
def test_the_hosts_of_a_partition(partition: str, region: str, its_signin: str, console: str) -> None:
    """AWS General Reference, "AWS Sign-In endpoints"; Versent/saml2aws#533 for GovCloud."""
    site = urls.site(partition, region)
    assert (site.signin, site.console) == (f"https://{its_signin}", f"https://{console}")


def test_a_sign_out_that_leads_on() -> None:
    """kionsoftware/kion-cli#35: us-east-1 alone follows the address behind it, wherever the page is."""
    site = urls.site("aws", "eu-west-1", signs_out=True)
    assert site.signin == "https://us-east-1.signin.aws.amazon.com"
    assert site.console == "https://eu-west-1.console.aws.amazon.com"
    assert urls.site("aws-cn", "cn-north-1", signs_out=True) == urls.site("aws-cn", "cn-north-1")


def test_an_endpoint_that_is_set_plays_both() -> None:
    """As a sandbox does, in any partition."""
    site = urls.site("aws-iso", "us-iso-east-1", configured="http://127.0.0.1:4566/")
    assert (site.signin, site.console) == ("http://127.0.0.1:4566", "http://127.0.0.1:4566")


def test_a_partition_without_a_known_console() -> None:
    """Reported, and not guessed: what is sent there is a secret."""
    with pytest.raises(ConfigurationError, match="no console is known in partition aws-iso"):
        urls.site("aws-iso", "us-iso-east-1")


@pytest.mark.parametrize(
    ("region", "partition"),
    [
        ("", "aws"),
        ("eu-west-1", "aws"),
        ("ap-southeast-7", "aws"),
        ("mx-central-1", "aws"),
        ("cn-north-1", "aws-cn"),
        ("us-gov-east-1", "aws-us-gov"),
        ("eusc-de-east-1", "aws-eusc"),
        ("us-isob-east-1", "aws-iso-b"),
    ],
)
def test_a_region_of_the_partition(region: str, partition: str) -> None:
    """Those of tomorrow too."""
    urls.check_region(region, partition)


@pytest.mark.parametrize(
    ("region", "partition"), [("us-gov-west-1", "aws"), ("us-east-1", "aws-us-gov"), ("us-iso-east-1", "aws")]
)
def test_a_region_of_another_partition(region: str, partition: str) -> None:
    """Its host would not exist, or would know no user."""
    with pytest.raises(ConfigurationError, match=f"region {region} is not in partition {partition}"):
        urls.check_region(region, partition)


@given(st.text(min_size=1))
def test_a_region_must_be_a_host_label(text: str) -> None:
    """The session's secret is sent to a host that the region is a part of."""
    try:
        urls.check_region(text, "aws")
    except ConfigurationError:
        return
    host = urlsplit(urls.site("aws", text).signin).hostname
    assert host in ("signin.aws.amazon.com", f"{text}.signin.aws.amazon.com")
    assert "." not in text


@pytest.mark.parametrize(
    ("given_page", "region", "address"),
    [
        ({}, "", "/console/home"),
        ({}, "eu-west-1", "/console/home?region=eu-west-1"),
        ({"service": "ec2"}, "eu-west-1", "/ec2/home?region=eu-west-1"),
        ({"path": "/ec2/home#Instances:"}, "eu-west-1", "/ec2/home?region=eu-west-1#Instances:"),
        ({"path": "/s3/home?a=b"}, "eu-west-1", "/s3/home?a=b&region=eu-west-1"),
        ({"path": "/s3/home?region="}, "eu-west-1", "/s3/home?region="),
        ({"path": "//evil.example/"}, "", "//evil.example/"),
        ({"path": "/@evil.example/"}, "", "/@evil.example/"),
    ],
)
def test_pages(given_page: dict[str, str], region: str, address: str) -> None:
    """Always on the console's own host."""
    page = urls.page(SITE, region, **given_page)
    assert page == f"https://console.aws.amazon.com{address}"
    assert urlsplit(page).hostname == "console.aws.amazon.com"


def test_addresses_hold_addresses() -> None:
    """What is in the inner one stays there: `&`, `#` and all."""
    page = urls.page(SITE, "eu-west-1", path="/ec2/home?a=b&c=d#Instances:sort=e")
    login = urls.login(SITE, page, "a+b/c==")
    outer = urlsplit(urls.logout(SITE, login))
    assert (outer.hostname, outer.path) == ("signin.aws.amazon.com", "/oauth")
    assert dict(parse_qsl(outer.query)) == {"Action": "logout", "redirect_uri": login}
    inner = urlsplit(login)
    assert (inner.path, inner.fragment) == ("/federation", "")
    assert dict(parse_qsl(inner.query)) == {"Action": "login", "Destination": page, "SigninToken": "a+b/c=="}
