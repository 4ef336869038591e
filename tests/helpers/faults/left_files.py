"""Files that a command finds: a policy of the user, and what other tools have left."""

from tests.helpers.faults.injection import HEAD, TAIL, Trial

RULE = ".config/rule.json"
TO_FIX = """{"Version": "2012-10-17", "Statement": {
  "Effect": "Deny", "NotAction": ["iam:*", "sts:GetSessionToken"], "Resource": "*",
  "Condition": {"Bool": {"aws:MultiFactorAuthPresent": "false"}}
}}
"""
"""A user's own file, which `policy lint --fix` writes."""


def rule_to_fix(trial: Trial) -> None:
    """A rule that leaves long-term keys alone."""
    path = trial.home.folder / RULE
    path.parent.mkdir(exist_ok=True)
    path.write_text(TO_FIX)
    path.chmod(0o600)


def section_of_aws_mfa(trial: Trial) -> None:
    """A key as aws-mfa has it."""
    section = trial.key.replace("[default]", "[old-long-term]") + "aws_mfa_device = arn:aws:iam::123456789012:mfa/x\n"
    trial.home.write_credentials(HEAD + trial.key + "\n" + section + TAIL)


def key_in_csv(trial: Trial) -> None:
    """The file that the AWS console gives."""
    key = trial.user.key
    secret = key.secret_access_key.reveal()
    file = trial.home.folder / "key.csv"
    file.write_text(f"Access key ID,Secret access key\n{key.access_key_id},{secret}\n")
    file.chmod(0o600)


def wrong_header(trial: Trial) -> None:
    """A section that AWS tools do not take for a profile's."""
    trial.home.config.write_text(trial.home.config.read_text() + "\n[work]\nregion = eu-west-1\n")
