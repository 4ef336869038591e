"""Where STS and IAM are asked: endpoints, regions and partitions as the AWS files and the environment say."""

import json

import pytest

from mfasession.sandbox import Sandbox, SandboxUser
from tests.helpers.checks import asked, complaint, log_in, section
from tests.helpers.listener import listening
from tests.helpers.support import Home, in_a_process

CN, GOV = "arn:aws-cn:iam::123456789012:mfa/phone", "arn:aws-us-gov:iam::123456789012:mfa/phone"
AWS = "arn:aws:iam::123456789012:mfa/phone"


@pytest.fixture
def nowhere(alices_home: Home) -> Home:
    """Alice's home without the variable that leads to the sandbox."""
    del alices_home.environ["AWS_ENDPOINT_URL"]
    return alices_home


def test_endpoint_url_of_the_profile(nowhere: Home, aws: Sandbox, alice: SandboxUser) -> None:
    """The standard key of the configuration file, for both services."""
    nowhere.config.write_text(f"[default]\nendpoint_url = {aws.url}\n")
    log_in(nowhere, alice.devices[0])
    assert asked(aws, alice) == ["GetCallerIdentity", "ListMFADevices", "GetSessionToken"]


def test_a_services_section(nowhere: Home, aws: Sandbox, alice: SandboxUser) -> None:
    """One endpoint for each service, in the section that the profile names."""
    nowhere.config.write_text(
        "[default]\nservices = here\nendpoint_url = http://127.0.0.1:9\n"
        f"[services here]\nsts =\n  endpoint_url = {aws.url}\niam =\n  endpoint_url = {aws.url}\n"
    )
    log_in(nowhere, alice.devices[0])
    assert asked(aws, alice) == ["GetCallerIdentity", "ListMFADevices", "GetSessionToken"]


def test_the_endpoint_of_sts_alone(nowhere: Home, aws: Sandbox, alice: SandboxUser) -> None:
    """AWS_ENDPOINT_URL_STS is enough when the device is named, as in a network with an STS endpoint of its own."""
    nowhere.config.write_text(f"[default]\nmfa_serial = {alice.devices[0].serial}\n")
    nowhere.environ["AWS_ENDPOINT_URL_STS"] = aws.url
    log_in(nowhere, alice.devices[0])
    assert asked(aws, alice) == ["GetCallerIdentity", "GetSessionToken"]


def test_the_endpoint_of_a_source_section(nowhere: Home, aws: Sandbox, alice: SandboxUser) -> None:
    """A profile of config.toml alone, whose key section says where to ask."""
    nowhere.config.write_text(f"[default]\nendpoint_url = {aws.url}\n")
    nowhere.write_settings('[profiles.work]\nsource = "default"\n')
    log_in(nowhere, alice.devices[0], "-p", "work")
    assert asked(aws, alice)[-1] == "GetSessionToken"


def test_the_endpoint_of_a_role_profile(nowhere: Home, aws: Sandbox, alice: SandboxUser) -> None:
    """Each profile has its own: the code goes to the source's, AssumeRole to the role's."""
    role = aws.add_role(f"admin-{alice.name}", trusted=[alice.arn])
    there = f"endpoint_url = {aws.url}\n"
    nowhere.config.write_text(
        f"[default]\n{there}[profile admin]\nrole_arn = {role.arn}\nsource_profile = default\n{there}"
    )
    log_in(nowhere, alice.devices[0], "-p", "admin")
    assert section(nowhere.credentials, "admin-mfa")["mfasession_role_arn"] == role.arn


@pytest.mark.parametrize(
    ("config", "environ", "host"),
    [
        (f"mfa_serial = {AWS}\nregion = eu-west-1\n", {}, "sts.eu-west-1.amazonaws.com"),
        (f"mfa_serial = {AWS}\n", {"AWS_REGION": "eu-west-2"}, "sts.eu-west-2.amazonaws.com"),
        (f"mfa_serial = {AWS}\n", {"AWS_DEFAULT_REGION": "eu-west-3"}, "sts.eu-west-3.amazonaws.com"),
        (f"mfa_serial = {AWS}\n", {}, "sts.us-east-1.amazonaws.com"),
        ("", {}, "sts.us-east-1.amazonaws.com"),
        (f"mfa_serial = {AWS}\nregion = eu-west-1\nsts_regional_endpoints = legacy\n", {}, "sts.amazonaws.com"),
        (
            f"mfa_serial = {AWS}\nregion = eu-west-1\n",
            {"AWS_STS_REGIONAL_ENDPOINTS": "legacy"},
            "sts.amazonaws.com",
        ),
        (f"mfa_serial = {CN}\n", {}, "sts.cn-north-1.amazonaws.com.cn"),
        (f"mfa_serial = {CN}\nregion = cn-northwest-1\n", {}, "sts.cn-northwest-1.amazonaws.com.cn"),
        (f"mfa_serial = {GOV}\n", {}, "sts.us-gov-west-1.amazonaws.com"),
        (f"mfa_serial = {GOV}\nregion = us-gov-east-1\n", {}, "sts.us-gov-east-1.amazonaws.com"),
        (
            f"mfa_serial = {AWS}\nregion = us-east-2\nuse_fips_endpoint = true\n",
            {},
            "sts-fips.us-east-2.amazonaws.com",
        ),
    ],
)
def test_which_sts_is_asked(nowhere: Home, config: str, environ: dict[str, str], host: str) -> None:
    """broamski/aws-mfa#86, #76: the region's own STS, the partition's where none is named; a proxy sees which."""
    del nowhere.environ["AWS_REGION"]
    nowhere.config.write_text(f"[default]\n{config}")
    with listening(answer=b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n") as (port, heard):
        proxy = {"HTTPS_PROXY": f"http://127.0.0.1:{port}"}
        assert nowhere.run("login", "--code", "123456", environ={**environ, **proxy}).returncode == 5
    assert {line.split()[1].decode() for line in heard} == {f"{host}:443"}


CLEAR = "http://198.51.100.7:4566"
"""An address without a host (RFC 5737)."""


def refusal(url: str = CLEAR, origin: str = CLEAR) -> str:
    """What is said of an address without TLS."""
    return complaint(
        f"the endpoint {url} has no TLS: whoever is on the way to it could read the code and the keys",
        f'use https, or allow it in config.toml: allow_http_endpoint = "{origin}"',
    )


@pytest.mark.parametrize(
    ("config", "environ"),
    [
        (f"[default]\nendpoint_url = {CLEAR}\n", {}),
        (f"[default]\nservices = here\n[services here]\nsts =\n  endpoint_url = {CLEAR}\n", {}),
        ("", {"AWS_ENDPOINT_URL": CLEAR}),
        ("", {"AWS_ENDPOINT_URL_STS": CLEAR}),
        ("", {"AWS_ENDPOINT_URL_STS": "HTTP://198.51.100.7:4566"}),
    ],
    ids=["profile", "services", "variable", "variable of sts", "upper case"],
)
def test_no_code_goes_over_plain_http(nowhere: Home, config: str, environ: dict[str, str]) -> None:
    """Wherever the address comes from, it is refused before anything is sent; a proxy would see it."""
    nowhere.config.write_text(config)
    before = nowhere.credentials.read_bytes()
    with listening(answer=b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n") as (port, heard):
        proxy = {"HTTP_PROXY": f"http://127.0.0.1:{port}", "http_proxy": f"http://127.0.0.1:{port}", **environ}
        done = nowhere.run("login", "--code", "123456", environ=proxy)
    assert heard == []
    assert (done.returncode, done.stderr.replace("HTTP:", "http:")) == (3, refusal())
    assert nowhere.credentials.read_bytes() == before


def test_a_host_that_only_looks_like_this_machine(nowhere: Home) -> None:
    """urllib3 ends a host at a backslash, and urlsplit takes what stands before an @ for a name."""
    with listening(answer=b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n") as (port, heard):
        environ = {"AWS_ENDPOINT_URL": f"http://localhost:{port}\\@127.0.0.1:9/"}
        done = nowhere.run("login", "--code", "123456", environ=environ)
    assert heard == []
    assert (done.returncode, done.stderr) == (
        3,
        complaint(
            f"the endpoint {environ['AWS_ENDPOINT_URL']} is not a URL of https", "fix endpoint_url or AWS_ENDPOINT_URL"
        ),
    )


def test_no_proxy_elsewhere_sees_what_is_meant_for_this_machine(nowhere: Home, aws: Sandbox) -> None:
    """To botocore a loopback address is one like any other: it would go through the proxy, in clear."""
    proxy = "http://198.51.100.7:3128"
    environ = {"AWS_ENDPOINT_URL": aws.url, "HTTP_PROXY": proxy, "http_proxy": proxy, "no_proxy": ""}
    done = nowhere.run("login", "--code", "123456", environ=environ)
    assert (done.returncode, done.stderr) == (
        3,
        complaint(
            f"the endpoint {aws.url} has no TLS, and HTTP_PROXY sends the code and the keys to another machine",
            "export no_proxy=127.0.0.1",
        ),
    )
    done = nowhere.run("login", "--code", "123456", environ={**environ, "no_proxy": "127.0.0.1"})
    assert done.returncode != 3, done.stderr


def test_the_endpoint_of_iam_alone(nowhere: Home, aws: Sandbox) -> None:
    """New keys come back from there."""
    nowhere.environ["AWS_ENDPOINT_URL_STS"] = aws.url
    done = nowhere.run("mfa", "list", environ={"AWS_ENDPOINT_URL_IAM": CLEAR})
    assert (done.returncode, done.stderr) == (3, refusal())


@pytest.mark.parametrize("where", ["{setting}\n", "[profiles.default]\n{setting}\n"], ids=["common", "profile"])
@pytest.mark.parametrize(
    ("setting", "is_allowed"),
    [
        ('allow_http_endpoint = "http://198.51.100.7:4566"', True),
        ('allow_http_endpoint = ["http://localstack", "http://198.51.100.7:4566/"]', True),
        ('allow_http_endpoint = "http://198.51.100.7"', False),
        ('allow_http_endpoint = "http://localstack:4566"', False),
    ],
)
def test_plain_http_that_is_allowed_by_name(nowhere: Home, where: str, setting: str, *, is_allowed: bool) -> None:
    """A LocalStack in another container: that address, and no other."""
    nowhere.write_settings(where.format(setting=setting))
    nowhere.config.write_text(f"[default]\nendpoint_url = {CLEAR}/\n")
    with listening(answer=b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n") as (port, heard):
        proxy = {"HTTP_PROXY": f"http://127.0.0.1:{port}", "http_proxy": f"http://127.0.0.1:{port}"}
        done = nowhere.run("login", "--code", "123456", environ=proxy)
    assert bool(heard) is is_allowed
    assert done.returncode == (5 if is_allowed else 3), done.stderr


def test_certificates_that_others_can_change(nowhere: Home, aws: Sandbox) -> None:
    """Who writes them says who is AWS."""
    bundle = nowhere.folder / "ca.pem"
    bundle.write_text("")
    bundle.chmod(0o666)
    nowhere.environ["AWS_ENDPOINT_URL"] = aws.url
    said = complaint(f"{bundle} can be changed by other users", f"chmod o-w {bundle}")
    for variable in ("AWS_CA_BUNDLE", "REQUESTS_CA_BUNDLE"):
        done = nowhere.run("login", "--code", "123456", environ={variable: str(bundle)})
        assert (done.returncode, done.stderr) == (3, said)


def test_models_that_others_can_change(nowhere: Home, aws: Sandbox) -> None:
    """AWS SDKs for Python take endpoints from ~/.aws/models and AWS_DATA_PATH as well."""
    nowhere.environ["AWS_ENDPOINT_URL"] = aws.url
    endpoints = nowhere.aws / "models" / "endpoints.json"
    endpoints.parent.mkdir()
    endpoints.write_text("{}")
    endpoints.chmod(0o646)
    done = nowhere.run("login", "--code", "123456")
    said = complaint(f"{endpoints} can be changed by other users", f"chmod o-w {endpoints}")
    assert (done.returncode, done.stderr) == (3, said)


def test_a_link_to_models_that_others_can_change(nowhere: Home, aws: Sandbox) -> None:
    """What is behind a link counts as well; links in a circle end nowhere."""
    nowhere.environ["AWS_ENDPOINT_URL"] = aws.url
    described = nowhere.folder / "elsewhere" / "sts"
    described.mkdir(parents=True)
    (nowhere.aws / "models").mkdir()
    (nowhere.aws / "models" / "sts").symlink_to(described)
    (described / "again").symlink_to(nowhere.aws / "models")
    described.chmod(0o777)
    done = nowhere.run("login", "--code", "123456")
    link = nowhere.aws / "models" / "sts"
    said = complaint(f"{link} is not safe: other users can write in {described}", f"chmod o-w {described}")
    assert (done.returncode, done.stderr) == (3, said)
    described.chmod(0o755)
    assert nowhere.run("login", "--code", "123456").returncode != 3


@pytest.mark.parametrize("variable", ["AWS_CA_BUNDLE", "REQUESTS_CA_BUNDLE"])
def test_certificates_in_the_home_folder(nowhere: Home, aws: Sandbox, variable: str) -> None:
    """urllib3 reads `~` in both."""
    bundle = nowhere.folder / "ca.pem"
    bundle.touch()
    bundle.chmod(0o646)
    nowhere.environ |= {"AWS_ENDPOINT_URL": aws.url, variable: "~/ca.pem"}
    done = nowhere.run("login", "--code", "123456")
    said = complaint(f"{bundle} can be changed by other users", f"chmod o-w {bundle}")
    assert (done.returncode, done.stderr) == (3, said)


PARTITION = """
import json, sys
from pathlib import Path
from mfasession.sandbox import Sandbox
from tests.helpers.support import Home, key_pair
with Sandbox(partition=sys.argv[1]) as aws:
    user = aws.add_user("li")
    phone = user.add_device("phone")
    home = Home(Path(sys.argv[2]), {"AWS_ENDPOINT_URL": aws.url})
    role = aws.add_role("admin", trusted=[user.arn])
    home.write_credentials(key_pair("default", user.key.access_key_id, user.key.secret_access_key.reveal()))

    def told(steps, *words):
        done = home.run("login", "--force", *words, "--code", phone.code(steps))
        return [done.returncode, done.stderr]

    nowhere = told(0)
    by_serial = told(0, "--serial", phone.serial)
    home.config.write_text(
        f"[default]\\nregion = {aws.region}\\n[profile admin]\\nrole_arn = {role.arn}\\nsource_profile = default\\n"
    )
    print(json.dumps({
        "nowhere": nowhere, "key": user.key.access_key_id, "by serial": by_serial, "by region": told(1),
        "role": told(2, "-p", "admin"), "status": json.loads(home.run("status", "--json").stdout),
        "env": json.loads(home.run("env", "--shell", "json").stdout),
    }))
"""


@pytest.mark.parametrize("partition", ["aws-cn", "aws-us-gov", "aws-eusc"])
def test_other_partitions(partition: str, alices_home: Home) -> None:
    """broamski/aws-mfa#86, #76: China and GovCloud, with the region of the profile or the partition of its device."""
    done = in_a_process(PARTITION, partition, str(alices_home.folder / "li"))
    assert done.returncode == 0, done.stderr
    attempt = json.loads(done.stdout)
    for way in ("by serial", "by region", "role"):
        assert attempt[way][0] == 0, attempt[way]
    user, admin = attempt["status"]
    assert user["identity"] == f"arn:{partition}:iam::123456789012:user/li"
    assert user["mfa_serial"] == f"arn:{partition}:iam::123456789012:mfa/phone"
    assert admin["identity"] == f"arn:{partition}:sts::123456789012:assumed-role/admin/li"
    assert attempt["env"]["AWS_REGION"] == user["region"]
    said = complaint(
        f"AWS does not know key {attempt['key']}: it is deleted, inactive, mistyped or of another partition",
        "look at your access keys in the IAM console; in China and GovCloud the profile needs its region",
    )
    assert attempt["nowhere"] == [4, said]
