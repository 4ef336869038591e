"""What looks like a profile and is something else: reported as what it is, with what to do."""

import pytest

from tests.helpers.checks import complaint
from tests.helpers.support import KEY_ID, SESSION_ID, Home, key_pair


def test_a_header_of_the_other_file(home: Home) -> None:
    """[profile work] in the credentials file, and [work] in the configuration file: no tool reads them."""
    home.write_credentials(key_pair("profile work"))
    done = home.run("login", "-p", "work", "--code", "123456")
    assert (done.returncode, done.stderr) == (
        3,
        complaint(
            f"there is no profile work: section names in {home.credentials} do not begin with 'profile', but there is "
            "[profile work]",
            "rename that section to [work]",
        ),
    )
    home.write_credentials("")
    home.config.write_text(key_pair("work"))
    done = home.run("login", "-p", "work", "--code", "123456")
    assert (done.returncode, done.stderr) == (
        3,
        complaint(
            f"there is no profile work: section names in {home.config} begin with 'profile', but there is [work]",
            "rename that section to [profile work]",
        ),
    )


def test_a_key_pair_below_the_header_of_the_other_file(home: Home) -> None:
    """The profile is there, and its key pair is not where it was meant to be."""
    home.config.write_text("[profile work]\nregion = eu-west-1\n")
    home.write_credentials(key_pair("profile work"))
    done = home.run("login", "-p", "work", "--code", "123456")
    assert done.returncode == 3
    assert "profile work has no long-term key: section names in " in done.stderr
    assert "rename that section to [work]" in done.stderr


@pytest.mark.parametrize("rest", ["", "[default]\nregion = eu-west-1\n", key_pair("default", SESSION_ID)])
def test_the_layout_of_aws_mfa(home: Home, rest: str) -> None:
    """broamski/aws-mfa keeps the key pair in [default-long-term], and its sessions in [default]."""
    home.write_credentials(rest + key_pair("default-long-term"))
    done = home.run("login", "--code", "123456")
    assert done.returncode == 3
    assert 'mfasession login -p default-long-term; or source = "default-long-term" in [profiles.default]' in done.stderr


def test_a_profile_that_another_program_serves(home: Home) -> None:
    """It is named, and its arguments are not."""
    home.config.write_text("[profile work]\ncredential_process = /opt/bin/aws-vault export --hush secret work\n")
    done = home.run("login", "-p", "work", "--code", "123456")
    assert done.returncode == 3
    assert done.stderr.startswith(
        "mfasession: profile work has no long-term key: its credentials come from another program, aws-vault "
        "(credential_process)\n  hint: AWS tools run that program by themselves (AWS_PROFILE=work); to use a key of "
        "yours: mfasession keys add -p work"
    )
    assert "hush" not in done.stderr


@pytest.mark.parametrize("words", [("login",), ("process",), ("exec", "--", "true"), ("login", "--no-input")])
def test_no_key_and_no_terminal(home: Home, words: tuple[str, ...]) -> None:
    """Exit 3 as README says: no code would be of use, and no hint to run the same again."""
    home.config.write_text("[default]\nregion = eu-west-1\n")
    done = home.run(*words)
    assert (done.returncode, done.stdout) == (3, "")
    assert done.stderr.startswith("mfasession: profile default has no long-term key\n  hint: aws configure")


def test_the_hint_names_the_service_that_refused(home: Home) -> None:
    """IAM has an API reference of its own."""
    from tests.helpers.faults.hostile_aws import answering, refusal

    home.write_credentials(key_pair())
    with answering(ListMFADevices=refusal(b"ServiceQuirk", b"no", 400)) as url:
        done = home.run("login", "--code", "123456", environ={"AWS_ENDPOINT_URL": url})
    assert done.returncode == 4
    assert done.stderr.endswith("hint: look it up under Common Errors in the IAM API Reference\n")
    assert KEY_ID not in done.stderr
