"""Gathers one placement's motion over a set, block by block."""

import numpy as np

from sensorhub.exercises.trace.path import Path, path_of
from sensorhub.exercises.trace.track import Track
from sensorhub.model.motion import MotionBlock
from sensorhub.model.placement import Placement
from sensorhub.motion.stretch import LateMotion, growing


class TrackRecorder:
    """Collects the blocks of one placement; ``track()`` is the same however they were split.

    Detector, measures and checks look at one recorder: what it gives is made once.
    """

    def __init__(self, placement: Placement) -> None:
        self.placement = placement
        self._blocks: list[MotionBlock] = []
        self._growing: LateMotion | None = None  # the last of the blocks, while it can grow
        self._track: Track | None = None
        self._path: Path | None = None

    def push(self, block: MotionBlock) -> None:
        """Keep one block of this placement, where it says anything."""
        self._track = self._path = None
        # Joined at once: thousands of small objects kept would cost more than all the rest does.
        if self._growing is not None and self._growing.grow(block):
            return
        if len(block) or block.gaps or block.clipped:
            self._growing = growing(block)
            self._blocks.append(block if self._growing is None else self._growing)

    def span_s(self) -> tuple[float, float] | None:
        """Times of the first and the last tick so far; None: there is none."""
        blocks = [b for b in self._blocks if len(b)]
        return (blocks[0].first_s, blocks[-1].last_s) if blocks else None

    @property
    def has_gyroscope(self) -> bool:
        """False where any tick came without."""
        return all(b.has_gyroscope for b in self._blocks if len(b))

    def track(self) -> Track:
        """Everything so far."""
        if self._track is None:
            self._track = self._gathered()
        return self._track

    def path(self) -> Path:
        """Everything so far, smoothed for judging; ``walks`` is not filled in."""
        if self._path is None:
            self._path = path_of(self.track())
        return self._path

    def _gathered(self) -> Track:
        blocks = [b for b in self._blocks if len(b)]
        gaps = tuple(g for b in self._blocks for g in b.gaps)
        clipped = any(b.clipped for b in self._blocks)
        if not blocks:
            none = np.zeros((0, 3))
            return Track(
                self.placement,
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
            self.placement,
            np.concatenate([b.time_s for b in blocks]),
            np.concatenate([b.up for b in blocks]),
            np.concatenate(rates) if rates else None,
            np.concatenate([b.acc_mps2 for b in blocks]),
            np.concatenate(quats) if quats else None,
            np.concatenate([b.settled for b in blocks]),
            gaps,
            clipped,
            max(b.averaged for b in blocks),
        )
