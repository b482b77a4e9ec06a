"""Repetitions: out and back along one movement, counted from turning points."""

from collections.abc import Sequence

import numpy as np

from sensorhub.exercises.detectors.base import Detector, DetectorSetup, Findings
from sensorhub.exercises.track import Track, TrackRecorder
from sensorhub.exercises.zigzag import ZigZag
from sensorhub.model.events import FloatArray
from sensorhub.model.live import LiveEvent, LiveState
from sensorhub.model.motion import MotionBlock
from sensorhub.model.outcomes import Repetition


def new_detector(setup: DetectorSetup) -> Detector:
    """See ``detectors/base.py``."""
    return RepetitionDetector(setup)


class RepetitionDetector:
    """Counts repetitions of one movement on one segment, any mounting."""

    def __init__(self, setup: DetectorSetup) -> None:
        self._setup = setup
        self._recorder = TrackRecorder(setup.primary[0])

    def push(self, block: MotionBlock) -> Sequence[LiveEvent]:
        """See :class:`Detector`."""
        if block.placement is self._setup.primary[0]:
            self._recorder.push(block)
        return ()

    def state(self) -> LiveState:
        """See :class:`Detector`."""
        count = len(self.finish().repetitions)
        return LiveState(count, 0, 0, None, None, None)

    def finish(self) -> Findings:
        """See :class:`Detector`."""
        track = self._recorder.track()
        if len(track) < 2:
            return Findings()
        signal = _main_movement(track)
        height = max(0.05, 0.3 * float(np.percentile(signal, 95) - np.percentile(signal, 5)))
        zigzag = ZigZag(height)
        points = [p for v in signal.tolist() if (p := zigzag.push(v)) is not None]
        reps = [
            Repetition(
                float(track.time_s[a.index]),
                float(track.time_s[b.index]),
                float(track.time_s[c.index]),
                b.value - a.value,
            )
            for a, b, c in zip(points, points[1:], points[2:], strict=False)
            if b.is_peak
        ]
        return Findings(repetitions=tuple(reps))


def _main_movement(track: Track) -> FloatArray:
    """The up vector's excursion along its direction of greatest variance."""
    centred = track.up - np.median(track.up, axis=0)
    _, _, axes = np.linalg.svd(centred, full_matrices=False)
    signal: FloatArray = centred @ axes[0]
    away = signal[np.argmax(np.abs(signal - signal[0]))] - signal[0]
    return signal if away > 0 else -signal
