"""One error tree. Every error says what happened in one sentence and, in ``hint``, what to do."""


class SensorhubError(Exception):
    """Base of every error this project raises on purpose.

    Args:
        message: one plain sentence: what is wrong, naming the thing that is wrong.
        hint: what the person can do about it, one plain sentence.
    """

    exit_code = 1

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.hint = hint

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


class EnvironmentProblemError(SensorhubError, OSError):
    """What this machine lacks or refuses: adapter, port, permission, disk space. Exit code 1."""

    # OSError has its own __str__ built from errno; ours is the sentence and the hint.
    __str__ = SensorhubError.__str__


class TransportError(EnvironmentProblemError, ConnectionError):
    """A link could not be opened, or cannot be used. bleak's and pyserial's errors become this."""


class LinkLostError(TransportError):
    """A link that was open is gone: out of range, unplugged, silent for too long."""


class DeviceError(SensorhubError):
    """A device answered that it cannot do what was asked, or speaks another version."""


class StoreError(EnvironmentProblemError):
    """The session store cannot be opened, read or written. Nothing already stored is harmed."""
