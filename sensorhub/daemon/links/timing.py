"""How patient the supervisor of a link is."""

from dataclasses import dataclass, replace


@dataclass(frozen=True, slots=True)
class LinkTiming:
    """How patient the supervisor is, in seconds of the hub's clock.

    Attributes:
        quiet_s: no samples for so long, or for three packets, is "signal lost".
        dead_s: no samples for so long, and the link is torn down and made anew.
        greet_s: how long a new link may take to its first sample.
        backoff_s: waits between attempts; the last repeats.
        stop_s: how long a polite stop may take when samples still missing keep coming.
        give_up_s: end with the last error when never a sample came in so long; None: never.
    """

    quiet_s: float = 0.5
    dead_s: float = 3.0
    greet_s: float = 15.0
    backoff_s: tuple[float, ...] = (0.5, 1.0, 2.0, 3.0, 5.0)
    stop_s: float = 60.0
    give_up_s: float | None = None

    def at_speed(self, speed: float) -> "LinkTiming":
        """The same for an accelerated clock.

        A simulated world that runs twenty times as fast shares one busy machine with us: patience
        must not shrink below what a scheduler needs.
        """
        if speed <= 1.0:
            return self
        return replace(
            self,
            quiet_s=max(self.quiet_s, 0.3 * speed),
            dead_s=max(self.dead_s, 1.0 * speed),
            greet_s=max(self.greet_s, 5.0 * speed),
            stop_s=max(self.stop_s, 10.0 * speed),
            give_up_s=None if self.give_up_s is None else max(self.give_up_s, 10.0 * speed),
        )
