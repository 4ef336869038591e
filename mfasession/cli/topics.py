"""The topics of `mfasession help TOPIC`: short texts, each with the page that has the rest."""

from collections.abc import Mapping

from mfasession.values import Value

PAGES = "https://github.com/mfasession/mfasession/blob/main/"

EXIT_CODES: Mapping[int, str] = {
    0: "done",
    1: "the answer is no, or an unexpected failure",
    2: "the command line is wrong",
    3: "configuration: no such profile, no key, unsafe file",
    4: "AWS refused: wrong code, denied, key unknown",
    5: "AWS not reached: network, throttled",
    6: "input is needed (a code, an answer) and there is no terminal or program to ask",
    7: "a store failed: keyring locked or absent, disk full",
    130: "interrupted",
}
VARIABLES: Mapping[str, str] = {
    "MFASESSION_PROFILE": "the profile, before AWS_PROFILE; env and exec set it",
    "MFASESSION_DURATION": "how long a new session lasts, as in 8h",
    "MFASESSION_PASSPHRASE_COMMAND": 'the program that prints the passphrase of keys_in = "encrypted-file"',
    "MFASESSION_CONFIG": "the configuration file, in place of the usual one",
    "MFASESSION_TRUSTED_FOLDERS": "folders whose files are not checked for who may change them",
    "MFASESSION_EXPIRES": "set by env and exec: when the session ends, in epoch seconds",
    "MFASESSION_HOLDS": "set by env and exec: which variables of the region are theirs",
    "MFASESSION_SETTINGS": "set by env and exec: which other variables are theirs",
    "MFASESSION_PS": "set by the shell hook: the time left, for a prompt",
    "MFASESSION_AWS_CONFIG_FILE": "set inside exec --server: your own AWS_CONFIG_FILE",
    "MFASESSION_AWS_SHARED_CREDENTIALS_FILE": "set inside exec --server: your own AWS_SHARED_CREDENTIALS_FILE",
    "MFASESSION_SANDBOX_CONTROL": "set inside sandbox: the address that gives codes and moves the clock",
    "MFASESSION_SANDBOX_HOME": "set inside sandbox: the folder whose start-up files are changed, not HOME",
}
STORES: Mapping[str, str] = {
    "file": "a section such as [default-mfa] of the AWS credentials file, which SDKs read (the default)",
    "keyring": "the desktop's or the system's keyring; SDKs reach it through credential_process",
    "kernel": "the keyring of the Linux kernel, never on the disk; SDKs reach it through credential_process",
}


class Topic(Value):
    """A topic: one sentence for the list of topics, its text, and the page that has the rest."""

    summary: str
    text: str
    page: str

    def shown(self) -> str:
        """Return the whole text."""
        return f"{self.summary}.\n\n{self.text}\nmore: {PAGES}{self.page}\n"


def _table(rows: "Mapping[str, str] | Mapping[int, str]") -> str:
    width = max(len(str(name)) for name in rows)
    return "".join(f"  {str(name).ljust(width)}  {what}\n" for name, what in rows.items())


_PROFILES = """\
A profile is one of the AWS files (~/.aws/config, ~/.aws/credentials). The first of these names it:

  -p NAME, or -p alone at a terminal, to pick one from a list
  MFASESSION_PROFILE
  AWS_PROFILE, AWS_DEFAULT_PROFILE
  default_profile in config.toml
  default

examples:
  mfasession profiles                 # every profile: what it is, its account, its session
  mfasession whoami                   # who you are for AWS, with MFA or not
  mfasession login -p work -p admin   # log in with several
"""
_STORES = f"""\
{_table(STORES)}
Nothing falls back to another store: one that does not work is exit code 7.

examples:
  mfasession config set store keyring # for all new sessions
  mfasession login --store kernel     # move the session there, without a code
  mfasession status                   # where each session is
"""
_ROLES = """\
A profile with role_arn and source_profile uses the MFA session of its source: one code for all roles.

  [profile deploy]
  role_arn = arn:aws:iam::210987654321:role/deploy
  source_profile = default

A role's session lasts up to 1 h and is renewed without a code. With a longer duration_seconds it takes a code of its
own.

examples:
  mfasession exec -p deploy -- aws s3 ls
  mfasession exec --all-matching 'prod-*' -- aws s3 ls
  mfasession console -p deploy
"""
TOPICS: Mapping[str, Topic] = {
    "profiles": Topic(summary="Which profile a command uses", text=_PROFILES, page="docs/profiles.md"),
    "stores": Topic(summary="Where sessions are kept", text=_STORES, page="docs/stores.md"),
    "roles": Topic(summary="Roles, in this account and in others", text=_ROLES, page="docs/roles.md"),
    "exit-codes": Topic(
        summary="What the exit codes mean",
        text=f"{_table(EXIT_CODES)}\nexec exits with the code of its command: 126 and 127 if that cannot run.\n",
        page="docs/commands.md#exit-codes",
    ),
    "environment": Topic(
        summary="The variables that are read and set",
        text=f"{_table(VARIABLES)}\nThe AWS_* variables count as in the AWS CLI.\n",
        page="docs/commands.md",
    ),
}
