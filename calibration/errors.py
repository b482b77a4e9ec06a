"""What cannot be calibrated, and what to do about it."""


class CalibrationError(ValueError):
    """The data do not allow a good result.

    Args:
        message: one plain sentence: what is wrong.
        hint: what the person can do about it, one plain sentence.
    """

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.hint = hint

    def __str__(self) -> str:
        message = super().__str__()
        return f"{message} {self.hint}" if self.hint else message
