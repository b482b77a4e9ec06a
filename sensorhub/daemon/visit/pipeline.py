"""One sensor's live path: device events to ticks, with what the coach and the screen ask of it."""

import math

from calibration.sensor import SensorCalibration
from sensorhub.coach.stillness import Stillness
from sensorhub.model.events import BatteryReported, DeviceEvent, SamplesArrived, SamplesLost
from sensorhub.model.motion import MotionBlock
from sensorhub.model.placement import Placement
from sensorhub.motion.assembler import BlockAssembler
from sensorhub.motion.recent import RecentBlocks
from sensorhub.motion.tracker import MotionTracker
from sensorhub.sessions.stages.analysis import Span, within
from sensorhub.sessions.stages.correction import corrected

QUALITY_WINDOW_S = 10.0

QUIET_S = 0.5
"""Back-filled samples that follow each other closer than this are worked on together ..."""

PATIENCE_S = 5.0
"""... unless they go on for so long."""


class SensorPipeline:
    """Assembler and tracker of one placement, for as long as the session lasts.

    Attributes:
        calibration: of the sensor that is worn there, None where it has none; applied to the
            samples that come from then on.
    """

    def __init__(
        self, placement: Placement, *, calibration: SensorCalibration | None = None
    ) -> None:
        self.placement = placement
        self.calibration = calibration
        self._assembler = BlockAssembler(placement)
        self._tracker = MotionTracker(placement)
        self._recent = RecentBlocks(placement)
        self._stillness = Stillness()
        self._battery_percent: int | None = None
        self._share = 1.0

    @property
    def latest_s(self) -> float:
        """Hub time of the newest tick, minus infinity before the first."""
        return self._stillness.latest_s

    @property
    def still_s(self) -> float:
        """How long the sensor has been still."""
        return self._stillness.still_s

    @property
    def battery_percent(self) -> int | None:
        """As last reported."""
        return self._battery_percent

    @property
    def arrived_share(self) -> float:
        """Part of the samples of the last seconds that arrived, 0 to 1."""
        return self._share

    def push(self, event: DeviceEvent) -> list[MotionBlock]:
        """Take in one event; the motion it completes, usually none or one block."""
        if isinstance(event, BatteryReported):
            self._battery_percent = event.percent
        elif isinstance(event, SamplesArrived):
            if event.backfilled:
                self._recent.late(event)
                return []
            self._weigh(len(event.acc_mps2), 1.0, event.period_s)
        elif isinstance(event, SamplesLost):
            self._weigh(event.count, 0.0, 0.01)
        motion = []
        for block in self._assembler.push(event):
            self._recent.live(self._assembler.position, block)
            ticks = self._tracker.push(corrected(block, self.calibration))
            self._stillness.push(ticks)
            if len(ticks) or ticks.gaps:
                motion.append(ticks)
        return motion

    def forget(self, before_s: float) -> None:
        """No set needs what ended before that hub time."""
        self._recent.forget(before_s)

    def caught_up(self, now_s: float) -> MotionBlock | None:
        """The motion kept so far once more, complete with what was back-filled; None: nothing new.

        It takes the place of all that :meth:`push` gave for that time; what is pushed from now on
        follows it.
        """
        wanted_s = self._recent.wanted_s
        if wanted_s is None:
            return None
        if now_s - wanted_s[1] < QUIET_S and now_s - wanted_s[0] < PATIENCE_S:
            return None
        blocks = [corrected(block, self.calibration) for block in self._recent.merged()]
        self._tracker = self._tracker.anew()
        motion = self._tracker.push_all(blocks)
        self._stillness.push(within(motion, Span(math.nextafter(self.latest_s, math.inf))))
        return motion

    def _weigh(self, samples: int, arrived: float, period_s: float) -> None:
        keep = math.exp(-samples * period_s / QUALITY_WINDOW_S)
        self._share = keep * self._share + (1.0 - keep) * arrived
