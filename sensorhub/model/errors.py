"""One error tree. Every error says what happened in one sentence and, in ``hint``, what to do."""


class SensorhubError(Exception):
    """Base of every error this project raises on purpose.

    Args:
        message: one plain sentence: what is wrong, naming the thing that is wrong.
        hint: what the person can do about it, one plain sentence.
        code: a word for programs: what kind of trouble it is; the class's own if not given.
    """

    exit_code = 1
    kind = "error"

    def __init__(self, message: str, *, hint: str = "", code: str = "") -> None:
        super().__init__(message)
        self.hint = hint
        self.code = code or self.kind

    @property
    def message(self) -> str:
        """The sentence alone, without the hint."""
        return str(self.args[0])

    def __str__(self) -> str:
        message = super().__str__()
        return f"{message} {self.hint}" if self.hint else message


class InputError(SensorhubError, ValueError):
    """What the person gave cannot be used: a file, an option, a name. Exit code 2."""

    exit_code = 2
    kind = "input"


class EnvironmentProblemError(SensorhubError, OSError):
    """What this machine lacks or refuses: adapter, port, permission, disk space. Exit code 1."""

    kind = "environment"
    # OSError has its own __str__ built from errno; ours is the sentence and the hint.
    __str__ = SensorhubError.__str__


class TransportError(EnvironmentProblemError, ConnectionError):
    """A link could not be opened, or cannot be used. bleak's and pyserial's errors become this."""

    kind = "transport"


class LinkLostError(TransportError):
    """A link that was open is gone: out of range, unplugged, silent for too long."""

    kind = "link_lost"


class DeviceError(SensorhubError):
    """A device answered that it cannot do what was asked, or speaks another version."""

    kind = "device"


class StoreError(EnvironmentProblemError):
    """The session store cannot be opened, read or written. Nothing already stored is harmed."""

    kind = "store"
