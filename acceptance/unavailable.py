"""Why it cannot run here: said, and told apart from a failure and from a pass."""


class UnavailableError(Exception):
    """This computer cannot run the acceptance tests. ``hint`` says what would help."""

    def __init__(self, what: str, *, hint: str) -> None:
        super().__init__(what)
        self.hint = hint
