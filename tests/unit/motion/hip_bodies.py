"""A squat as rigid bodies, and the hip angles found of any body, for the tests of those."""

import itertools
import math
from dataclasses import fields, replace

import numpy as np
from two_segments import Body, any_rotation, bumps, standing, worn

from calibration.alignment import Method, with_forwards
from sensorhub.model.motion import MotionBlock
from sensorhub.model.placement import Placement, Side
from sensorhub.motion.hip import HipAngles, HipTrack

N = 500
DEG = math.pi / 180.0


def squat(*, left: bool = False, depth_deg: float = 110.0) -> Body:
    share = bumps(N, count=4, height_deg=1.0) / DEG
    wave = np.sin(np.linspace(0, 40, N))
    return Body(
        flexion=depth_deg * DEG * share,
        adduction=-8.0 * DEG * share + 1.0 * DEG * wave,
        rotation=5.0 * DEG * share * wave,
        tilt=30.0 * DEG * share,
        list_=2.0 * DEG * wave,
        left=left,
        drop_m=0.3,
    )


def angles(
    body: Body,
    *,
    seed: int = 1,
    side: Side = Side.RIGHT,
    heading_rad: float = 0.7,
    facing_rad: float = 0.0,
    drift_radps: float = 0.0,
    gyroscope: bool = True,
    pelvis: bool = True,
    pieces: int = 1,
    headings_known: bool = False,
    posture: str = "standing",
    sagittal: bool = True,
    underneath: bool = False,
) -> HipTrack:
    thigh = Placement.THIGH_LEFT if body.left else Placement.THIGH_RIGHT
    mountings = {thigh: any_rotation(seed), Placement.PELVIS: any_rotation(seed + 1)}
    alignments = {p: standing(m) for p, m in mountings.items()}
    if headings_known:
        alignments = {
            p: with_forwards(a, mountings[p][:, 0], quality=1.0, method=Method.TWO_POSES)
            for p, a in alignments.items()
        }
    hip = HipAngles(
        side=side,
        thigh=thigh,
        alignments=alignments,
        posture=posture,
        sagittal=sagittal,
        underneath=underneath,
    )
    blocks = [
        worn(
            body,
            p,
            mounting=m,
            heading_rad=heading_rad * k,
            drift_radps=drift_radps * k,
            gyroscope=gyroscope,
            facing_rad=facing_rad,
        )
        for k, (p, m) in enumerate(mountings.items())
        if pelvis or p is thigh
    ]
    for block in blocks:
        for part in split(block, pieces):
            hip.push(part)
    return at_ticks(hip.track())


def at_ticks(track: HipTrack) -> HipTrack:
    """Every fourth row: ticks come every 40 ms, rows every 10."""
    columns = {f.name: getattr(track, f.name) for f in fields(HipTrack)}
    rows = {name: c[::4] for name, c in columns.items() if isinstance(c, np.ndarray)}
    return replace(track, **rows)


def split(block: MotionBlock, pieces: int) -> list[MotionBlock]:
    edges = np.linspace(0, len(block), pieces + 1).astype(int)
    return [
        replace(
            block,
            time_s=block.time_s[a:b],
            up=block.up[a:b],
            rate_radps=None if block.rate_radps is None else block.rate_radps[a:b],
            acc_mps2=block.acc_mps2[a:b],
            orientation=None if block.orientation is None else block.orientation[a:b],
            settled=block.settled[a:b],
        )
        for a, b in itertools.pairwise(edges)
    ]


def rmse_deg(found: np.ndarray | None, true: np.ndarray) -> float:
    assert found is not None
    return math.degrees(math.sqrt(float(np.mean((found - true) ** 2))))
