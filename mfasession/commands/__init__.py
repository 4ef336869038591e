"""The commands: each module has its arguments, and `run`, which returns the exit code. On the path of every command."""

from mfasession.sessions import Context, SessionRequest
from mfasession.values import Secret, Value

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from mfasession.config import Config


class Options(Value):
    """The command line, checked: what several commands have, what a hit has, and the flags of a command's own.

    Durations are seconds.
    """

    command: str
    profile: str = ""
    profiles: tuple[str, ...] = ()
    """All that `exec` or `serve` is given, when it is given several."""
    all_matching: str = ""
    """A pattern of profile names, as in `prod-*`."""
    jobs: int = 0
    """How many commands run at once; 0 when it is not said."""
    no_input: bool = False
    debug: bool = False
    typed: tuple[str, ...] = ()
    """The words of the command line that may be run again, see `hints.repeatable`; none for a usual hit."""
    shell: str = ""
    unset: bool = False
    words: tuple[str, ...] = ()
    """The command to run, for `exec` and `sandbox`."""
    min_ttl: int = 0
    code: Secret = Secret("")
    serial: str = ""
    duration: int = 0
    store: str = ""
    region: str = ""
    key_place: str = ""
    """Where a long-term key is to be kept, as in `keys_in`."""
    role_arn: str = ""
    external_id: str = ""
    role_session_name: str = ""
    force: bool = False
    json: bool = False
    watch: bool = False
    format: str = ""
    action: str = ""
    server: bool = False
    flags: Value | None = None
    """An instance of the command's class `Flags`, when it has one."""


class CommandContext(Context):
    """One run of a command: its options, and the request for a session that they make."""

    is_part = False
    """Whether another command runs this one, and says itself what comes next."""

    def __init__(self, environ: "Mapping[str, str]", options: Options, settings: "Config | None" = None) -> None:
        """`settings` as in `Context`."""
        super().__init__(environ, request_of(options), settings)
        self.options = options


def request_of(options: Options) -> SessionRequest:
    """Return what the options of any command want of a session. Raises UsageError: no session can be like that."""
    if 0 < options.duration < options.min_ttl:
        from mfasession.durations import show
        from mfasession.errors import UsageError

        raise UsageError(
            f"a session of {show(options.duration)} never has {show(options.min_ttl)} left",
            "raise --duration, or lower --min-ttl",
        )
    request = SessionRequest(
        profile=options.profile,
        serial=options.serial,
        code=options.code,
        duration=options.duration,
        min_ttl=options.min_ttl,
        store=options.store,
        region=options.region,
        key_place=options.key_place,
        force=options.force,
        no_input=options.no_input,
        typed=options.typed,
    )
    if options.role_arn or options.external_id or options.role_session_name:
        from mfasession.commands import session_flags

        # The duration is the role's: the session that assumes it is everybody's.
        return request.replace(role=session_flags.role(options), duration=0)
    return request
