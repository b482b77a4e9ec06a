"""What a family declares of its clock and of its losses is what its driver does.

Packets are dropped between a simulated sensor and its driver; what comes of the whole session and
of the torn one is compared. A driver that declares more than it does, or less, fails.
"""

from dataclasses import dataclass, replace
from functools import cache

import numpy as np
import pytest
from device_bench import FIRST_NS, Bench, driver_of

from firmware_sim.families import FAMILIES
from sensorhub.devices.base import ClockKind, DeviceFamily, LossKind
from sensorhub.devices.registry import families
from sensorhub.model.events import ClockObserved, DeviceEvent, FloatArray, SamplesArrived
from sensorhub.model.link import Record, RecordKind
from sensorhub.model.placement import Placement
from sensorhub.motion.assembler import BlockAssembler

SESSION_S, DROP_S = 9.0, 5.0
SHORT_S, LONG_S = (0.035, 0.12, 0.3), (1.2, 2.0)
"""A packet or some of them; and silences that anybody would notice."""

JITTER_MS = 60.0
EVEN_S = {ClockKind.EXCHANGED: 0.002, ClockKind.STAMPED: 0.03}
SAME_S = {ClockKind.EXCHANGED: 0.002, ClockKind.STAMPED: 0.02}
"""One way, nobody knows how long the fastest packet was under way."""


@dataclass(frozen=True)
class Seen:
    """What a driver made of records."""

    events: list[DeviceEvent]
    received: int
    lost: int

    @property
    def samples(self) -> list[SamplesArrived]:
        return [event for event in self.events if isinstance(event, SamplesArrived)]

    @property
    def observed(self) -> list[ClockObserved]:
        return [event for event in self.events if isinstance(event, ClockObserved)]

    @property
    def ends_s(self) -> float:
        """The last sample on the family's own timeline."""
        return _taken_s(self.samples[-1]) + len(self.samples[-1].acc_mps2) * self.period_s

    @property
    def period_s(self) -> float:
        return self.samples[-1].period_s


def _taken_s(samples: SamplesArrived) -> float:
    if samples.device_time_s is not None:
        return samples.device_time_s
    return samples.first_index * samples.period_s


@cache
def records(name: str, jitter_ms: float = 0.0) -> tuple[Record, ...]:
    bench = Bench(name, scenario="standing_still", jitter_ms=jitter_ms).run(SESSION_S)
    return tuple(bench.records)


def seen(driver: DeviceFamily, told: tuple[Record, ...], *, drop_s: float = 0.0) -> Seen:
    """``drop_s``: nothing that arrives in so long from ``DROP_S`` on gets through."""
    decoder = driver.new_decoder()
    events: list[DeviceEvent] = []
    for record in told:
        after_s = (record.host_time_ns - FIRST_NS) / 1e9 - DROP_S
        if record.kind is RecordKind.RECEIVED and 0.0 <= after_s < drop_s:
            continue
        events += decoder.feed(record)
    return Seen(events, decoder.counters.received, decoder.counters.lost)


def check_losses(driver: DeviceFamily, name: str) -> None:
    whole = seen(driver, records(name))
    assert whole.lost == 0
    missed = 0
    for drop_s in (*SHORT_S, *LONG_S):
        torn = seen(driver, records(name), drop_s=drop_s)
        missing = whole.received - torn.received
        missed += missing
        match driver.loss_kind:
            case LossKind.NUMBERED:
                assert torn.lost == missing
            case LossKind.TIMED:
                assert torn.lost == pytest.approx(missing, abs=0.005 * missing)
            case LossKind.SILENCES if drop_s in SHORT_S:
                assert torn.lost == 0
            case LossKind.SILENCES:
                # from when they arrive: a packet of either end may be counted in or not
                assert torn.lost == pytest.approx(missing, abs=0.05 * missing)
    assert missed > 0


def check_clock(driver: DeviceFamily, name: str) -> None:
    kind = driver.clock_kind
    whole = seen(driver, records(name))
    torn = seen(driver, records(name), drop_s=SHORT_S[-1])
    gone_s = whole.ends_s - torn.ends_s
    two_way = [one for one in whole.observed if not one.one_way]
    assert whole.observed
    assert all(0.0 < one.uncertainty_s < 0.2 for one in whole.observed)
    assert bool(two_way) == (kind is ClockKind.EXCHANGED)
    for one in whole.samples:
        assert (one.device_time_s is None) == (kind is ClockKind.COUNTED)
    if kind is ClockKind.COUNTED:
        # What is counted knows nothing of what it did not see, and says how unsure that makes it.
        missing_s = (whole.received - torn.received) * whole.period_s
        assert gone_s == pytest.approx(missing_s - torn.lost * whole.period_s, abs=1e-3)
        assert missing_s > 0.2
        assert all(one.uncertainty_s >= 0.01 for one in whole.observed)
        return
    assert gone_s == pytest.approx(0.0, abs=2e-3)
    jittered = seen(driver, records(name, JITTER_MS))
    calm_s, shaken_s = offsets_s(whole), offsets_s(jittered)
    for offset_s in (calm_s, shaken_s):
        assert np.ptp(offset_s) < EVEN_S[kind]
    assert abs(np.median(calm_s) - np.median(shaken_s)) < SAME_S[kind]


def offsets_s(told: Seen) -> FloatArray:
    """Hub time less device time of each block of the last seconds."""
    assembler = BlockAssembler(Placement.THIGH_RIGHT)
    found = [
        (block.start_s, block.start_s - _taken_s(event))
        for event in told.events
        for block in assembler.push(event)
        if isinstance(event, SamplesArrived)
    ]
    since_s = FIRST_NS / 1e9 + SESSION_S - 3.0
    return np.array([offset_s for start_s, offset_s in found if start_s > since_s])


@pytest.mark.parametrize("name", FAMILIES)
def test_losses_are_declared_as_declared(name: str) -> None:
    check_losses(driver_of(name), name)


@pytest.mark.parametrize("name", FAMILIES)
def test_the_clock_is_what_it_is_declared_to_be(name: str) -> None:
    check_clock(driver_of(name), name)


@pytest.mark.parametrize("name", ["omp", "movesense", "witmotion_ble"])
def test_a_wrong_declaration_fails(name: str) -> None:
    driver = driver_of(name)
    for kind in set(ClockKind) - {driver.clock_kind}:
        with pytest.raises(AssertionError):
            check_clock(replace(driver, clock_kind=kind), name)
    exact = driver.loss_kind is not LossKind.SILENCES
    for loss in (LossKind.SILENCES,) if exact else (LossKind.NUMBERED, LossKind.TIMED):
        with pytest.raises(AssertionError):
            check_losses(replace(driver, loss_kind=loss), name)


def test_the_words_say_the_same_as_the_declaration() -> None:
    for family in families().values():
        assert (family.clock_kind is ClockKind.EXCHANGED) == ("two-way" in family.clock)
        assert (family.clock_kind is ClockKind.COUNTED) == family.clock.startswith("none")
        assert (family.loss_kind is LossKind.SILENCES) == ("half a second" in family.loss_detection)
        assert (family.loss_kind is LossKind.TIMED) == ("timestamps" in family.loss_detection)
