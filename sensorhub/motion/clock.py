"""A device's clock against the hub's: what to believe, and how to pass it on smoothly.

The fit itself is in :mod:`sensorhub.motion.clock_fit`. Here is what is kept for it (a bounded
window), what is left out (an observation that contradicts the rest; when several in a row
contradict it in the same way, it is the rest that is dropped: a clock has jumped), and how new
knowledge reaches the time stamps: slewed, because samples must stay evenly spaced.
"""

import math
from collections import deque

from sensorhub.model.events import ClockObserved
from sensorhub.motion.clock_fit import (
    SKEW_SIGMA_COUNTED,
    SKEW_SIGMA_STAMPED,
    Arrival,
    ClockEstimate,
    Exchange,
    Rate,
    fit_arrivals,
    fit_exchanges,
    rate_of,
)

_MAX_EXCHANGES, _EXCHANGES_FOR_S = 64, 600.0
_MAX_ARRIVALS, _ARRIVAL_BIN_S = 120, 1.0
_ARRIVALS_ALONE = 30  # a nominal rate wanders: no long memory where nothing else is known

# What one more observation says of the rate is little once there are many.
_FIRST_BINS, _FIT_EVERY_BINS = 10, 10
_FIRST_EXCHANGES, _RATE_EVERY_EXCHANGES = 24, 4

_JUMP_S = 0.25
_JUMPS_BELIEVED = 3
_RESTART_S = 1.0
_NO_TIME_S = 1e10  # three hundred years: no clock of ours or theirs shows that (nor nan)

_SETTLE_S = 2.0
_MAX_SLEW = 0.05
_MAX_SLEW_BACK = 0.5
_STEP_S = 0.25


class ClockModel:
    """Device seconds to hub seconds. Deterministic, causal, bounded memory.

    :attr:`estimate` is the best current knowledge; it moves with every observation. For time stamps
    use :meth:`hub_time_s`, whose output never runs back.

    Attributes:
        counted: what it is given for device time is no clock, but samples counted at a nominal
            rate, which may be off by a percent.
    """

    def __init__(self) -> None:
        self.counted = False
        self.reset()

    def reset(self) -> None:
        """Forget everything: another device, or it restarted."""
        self._exchanges: deque[Exchange] = deque()
        self._arrivals: deque[Arrival] = deque()
        self._earliest: Arrival | None = None  # of the last second
        self._bin_start_s = 0.0
        self._bins = 0
        self._suspects: list[Exchange] = []
        self._rate: Rate | None = None
        self._since_rate = 0
        self._latest_s = -math.inf
        self._estimate: ClockEstimate | None = None
        self._last: tuple[float, float] | None = None  # device and hub time given out last

    @property
    def estimate(self) -> ClockEstimate | None:
        """What is known now; None before the first observation."""
        return self._estimate

    def observe(self, event: ClockObserved) -> None:
        """Take one observation. Device time running back by over a second is a restarted clock."""
        device_s, offset_s = event.device_time_s, event.hub_time_s - event.device_time_s
        if not (abs(device_s) < _NO_TIME_S and abs(offset_s) + event.uncertainty_s < _NO_TIME_S):
            return
        self._note_time(device_s)
        if event.one_way:
            self._arrived(device_s, offset_s)
            return
        half_s = max(0.0, event.uncertainty_s)
        self._exchanged(Exchange(device_s, offset_s - half_s, offset_s + half_s))

    def arrived(self, device_time_s: float, arrival_s: float) -> None:
        """Take a mere arrival, as ``observe`` does with a one-way observation, but quickly."""
        if not -_NO_TIME_S < device_time_s < _NO_TIME_S:
            return
        if device_time_s > self._latest_s:
            self._latest_s = device_time_s
        else:
            self._note_time(device_time_s)
        held, high_s = self._earliest, arrival_s - device_time_s
        if held is not None and 0.0 <= device_time_s - self._bin_start_s < _ARRIVAL_BIN_S:
            # As nearly always: of the arrivals within a second only the earliest says anything.
            skew = 0.0 if self._estimate is None else self._estimate.skew_ratio
            if high_s - skew * (device_time_s - held.device_s) >= held.high_s:
                return
        self._arrived(device_time_s, high_s)

    def hub_time_s(self, device_time_s: float) -> float | None:
        """Return the hub time of a device time, smoothly; None before the first observation.

        To be called with ascending device times. An error found out later fades over about two
        seconds, at 5 % of the passing time at most; only when the stamps turn out to be more than
        0.25 s behind they step, and when as much ahead they wait at half speed.
        """
        now = self._estimate
        if now is None:
            return None
        if self._last is None:
            target_s = now.hub_time_s(device_time_s)
            self._last = (device_time_s, target_s)
            return target_s
        last_device_s, last_hub_s = self._last
        passed_s = device_time_s - last_device_s
        if passed_s <= 0.0:
            return last_hub_s + passed_s
        # What is known of the device time before, written out: it is asked for every packet.
        known_s = last_device_s + now.offset_s + now.skew_ratio * (last_device_s - now.reference_s)
        error_s = known_s - last_hub_s
        if error_s > _STEP_S:
            hub_s = now.hub_time_s(device_time_s)
        else:
            most_s = passed_s * (_MAX_SLEW_BACK if error_s < -_STEP_S else _MAX_SLEW)
            slewed_s = error_s if passed_s >= _SETTLE_S else error_s * (passed_s / _SETTLE_S)
            if slewed_s > most_s:
                slewed_s = most_s
            elif slewed_s < -most_s:
                slewed_s = -most_s
            hub_s = last_hub_s + passed_s * (1.0 + now.skew_ratio) + slewed_s
        self._last = (device_time_s, hub_s)
        return hub_s

    def _exchanged(self, one: Exchange) -> None:
        if not self._trusted(one):
            return
        self._exchanges.append(one)
        oldest_s = one.device_s - _EXCHANGES_FOR_S
        while len(self._exchanges) > _MAX_EXCHANGES or self._exchanges[0].device_s < oldest_s:
            self._exchanges.popleft()
        self._since_rate += 1
        few = len(self._exchanges) <= _FIRST_EXCHANGES
        if self._rate is None or few or self._since_rate >= _RATE_EVERY_EXCHANGES:
            self._fit_rate()
        arrivals = [*self._arrivals, *([self._earliest] if self._earliest else [])]
        while True:
            assert self._rate is not None
            self._estimate, worst = fit_exchanges(self._exchanges, arrivals, self._rate)
            if worst is None or len(self._exchanges) < 3:
                break
            self._exchanges.remove(worst)
            self._fit_rate()

    def _fit_rate(self) -> None:
        self._rate = rate_of(self._exchanges, self._arrivals)
        self._since_rate = 0

    def _trusted(self, one: Exchange) -> bool:
        """False for an exchange far from all the others, unless others follow it there."""
        now = self._estimate
        if now is None or not self._exchanges:
            return True
        due_s = now.hub_time_s(one.device_s) - one.device_s
        if max(one.low_s - due_s, due_s - one.high_s) - now.uncertainty_s <= _JUMP_S:
            self._suspects.clear()
            return True
        self._suspects = [*self._suspects[1 - _JUMPS_BELIEVED :], one]
        low_s = max(suspect.low_s for suspect in self._suspects)
        high_s = min(suspect.high_s for suspect in self._suspects)
        if len(self._suspects) < _JUMPS_BELIEVED or low_s > high_s + _JUMP_S:
            return False
        self._exchanges.clear()
        self._exchanges.extend(self._suspects[:-1])
        self._arrivals.clear()
        self._earliest = None
        self._suspects = []
        return True

    def _note_time(self, device_s: float) -> None:
        if device_s > self._latest_s:
            self._latest_s = device_s
        elif device_s < self._latest_s - _RESTART_S:
            self.reset()
            self._latest_s = device_s

    def _arrived(self, device_s: float, high_s: float) -> None:
        """Of the arrivals within a second only the earliest says anything."""
        held = self._earliest
        new_bin = held is None or not 0.0 <= device_s - self._bin_start_s < _ARRIVAL_BIN_S
        if held is None or new_bin:
            if held is not None:
                self._arrivals.append(held)
                if len(self._arrivals) > _MAX_ARRIVALS:
                    self._arrivals.popleft()
            self._bin_start_s = device_s
            self._bins += 1
        else:
            skew = 0.0 if self._estimate is None else self._estimate.skew_ratio
            if high_s - skew * (device_s - held.device_s) >= held.high_s:
                return
        self._earliest = Arrival(device_s, high_s)
        if self._exchanges:
            return
        due = self._bins <= _FIRST_BINS or self._bins % _FIT_EVERY_BINS == 0
        if (new_bin and due) or not self._arrivals:
            alone = [*self._arrivals, self._earliest][-_ARRIVALS_ALONE:]
            sigma = SKEW_SIGMA_COUNTED if self.counted else SKEW_SIGMA_STAMPED
            self._estimate = fit_arrivals(alone, skew_sigma_ratio=sigma)
