"""One placement's motion over a whole set, gathered block by block."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sensorhub.model.events import FloatArray
from sensorhub.model.motion import MotionBlock
from sensorhub.model.placement import Placement
from sensorhub.model.samples import Gap


@dataclass(frozen=True, slots=True)
class Track:
    """All ticks of one placement in a set, as columns (see ``MotionBlock``)."""

    placement: Placement
    time_s: FloatArray
    up: FloatArray
    rate_radps: FloatArray | None
    acc_mps2: FloatArray
    orientation: FloatArray | None
    settled: NDArray[np.bool_]
    gaps: tuple[Gap, ...]
    clipped: bool

    def __len__(self) -> int:
        return len(self.time_s)


class TrackRecorder:
    """Collects the blocks of one placement; ``track()`` is the same however they were split."""

    def __init__(self, placement: Placement) -> None:
        self._placement = placement
        self._blocks: list[MotionBlock] = []

    def push(self, block: MotionBlock) -> None:
        """Keep one block of this placement."""
        self._blocks.append(block)

    def track(self) -> Track:
        """Everything so far."""
        blocks = [b for b in self._blocks if len(b)]
        gaps = tuple(g for b in self._blocks for g in b.gaps)
        clipped = any(b.clipped for b in self._blocks)
        if not blocks:
            none = np.zeros((0, 3))
            return Track(
                self._placement,
                np.zeros(0),
                none,
                None,
                none,
                None,
                np.zeros(0, bool),
                gaps,
                clipped,
            )
        rates = [b.rate_radps for b in blocks if b.rate_radps is not None]
        quats = [b.orientation for b in blocks if b.orientation is not None]
        return Track(
            self._placement,
            np.concatenate([b.time_s for b in blocks]),
            np.concatenate([b.up for b in blocks]),
            np.concatenate(rates) if rates else None,
            np.concatenate([b.acc_mps2 for b in blocks]),
            np.concatenate(quats) if quats else None,
            np.concatenate([b.settled for b in blocks]),
            gaps,
            clipped,
        )
