"""What real sets are attacked with, by kind; ``python -m tests.real.attacks`` tries all of it.

Every attack is a derived take whose number of repetitions is known. Nothing here is tuned to: it
says where the counting is weak. Seeds are fixed by name, so that two runs try the same.
"""

import argparse
import sys
import zlib
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import cache
from multiprocessing import get_context

import numpy as np

from sensorhub.exercises.definition import find_exercise
from sensorhub.model.events import FloatArray
from tests.real import deriving, faults
from tests.real.negatives import walking
from tests.real.takes import Take, analyzed, takes

Attack = Callable[[Take, np.random.Generator], Iterator[Take]]


def _elsewhere(take: Take, rng: np.random.Generator) -> Iterator[Take]:
    for along in (False, True):
        for _ in range(3):
            yield deriving.from_elsewhere(take, rng, along=along)


def _few(take: Take, _rng: np.random.Generator) -> Iterator[Take]:
    for count in (2, 3, 5, 7):
        for first in sorted({0, (take.count - count) // 2, take.count - count}):
            if first >= 0 and count < take.count:
                yield deriving.few(take, first, count)


def _few_elsewhere(take: Take, rng: np.random.Generator) -> Iterator[Take]:
    for part in _few(take, rng):
        if part.count > 2:
            yield deriving.from_elsewhere(part, rng, along=bool(rng.random() < 0.5))


def _close(take: Take, _rng: np.random.Generator) -> Iterator[Take]:
    for margin_s in (0.1, 0.3, 1.0):
        yield deriving.close(take, margin_s)


def _tempo(take: Take, _rng: np.random.Generator) -> Iterator[Take]:
    for factor in (0.6, 0.8, 1.25, 1.6):
        slow = deriving.stretched(take, factor)
        lasts_s = [b - a for a, b in slow.times_s]
        if min(lasts_s) > 0.7 and max(lasts_s) < 20.0:
            yield slow


def _size(take: Take, rng: np.random.Generator) -> Iterator[Take]:
    for factor in (0.35, 0.5, 0.7, 1.3):
        large = _large_enough(take, factor)
        if large:
            yield deriving.scaled(take, factor)
            yield deriving.from_elsewhere(deriving.scaled(take, factor), rng, along=True)


def _large_enough(take: Take, factor: float) -> bool:
    limits = find_exercise(take.exercise).range
    assert limits is not None
    size = _usual_rad(take) * factor
    return 1.3 * limits.least_rad <= size <= 0.9 * limits.most_rad


@cache
def _usual_rad(take: Take) -> float:
    return float(np.median([r.rom_rad for r in analyzed(take).repetitions]))


def _sensor(take: Take, rng: np.random.Generator) -> Iterator[Take]:
    for _ in range(2):
        yield deriving.spoiled(take, rng)
    yield deriving.without_gyroscope(take)
    yield deriving.spoiled(deriving.without_gyroscope(take), rng)
    for rate_hz in (10.0, 25.0, 52.0, 100.0, 200.0):
        yield deriving.at_rate(take, rate_hz)
        yield deriving.at_rate(deriving.without_gyroscope(take), rate_hz)


def _mounting(take: Take, rng: np.random.Generator) -> Iterator[Take]:
    for sign in (1.0, -1.0):
        matrix, _ = np.linalg.qr(rng.normal(size=(3, 3)))
        matrix *= float(np.linalg.det(matrix)) * sign
        yield deriving.turned(take, matrix, "mirrored" if sign < 0.0 else "turned")


def _loss(take: Take, rng: np.random.Generator) -> Iterator[Take]:
    block_s = 10 * take.period_s
    if block_s <= 0.2:
        yield deriving.lossy(take, 0.02, rng)
        yield deriving.lossy(take, 0.05, rng)
    for after in (0, take.count // 2):
        if after + 1 < take.count:
            yield deriving.with_gap(take, 2.0, after=after)


def _two_styles(take: Take, rng: np.random.Generator) -> Iterator[Take]:
    """Another set of the exercise, as if the same person had done it, after a rest."""
    others = [t for t in takes() if t.exercise == take.exercise and t.name != take.name]
    for other in others[:: max(1, len(others) // 3)]:
        like = deriving.worn_like(other, take)
        if like is None or abs(like.period_s - take.period_s) > 0.001 or not like.whole:
            continue
        pause = deriving.still(take, deriving.seen_movement(take)[0], 5.0, rng)  # type: ignore[index]
        parts = [take, pause, replace(like, period_s=take.period_s)]
        yield deriving.joined(take, parts, f"and {other.name}", rng)


UPRIGHT_DEG = {
    "bridge": 135.0,
    "sit_to_stand": 90.0,
    "prone_hip_extension": -90.0,
    "side_lying_hip_abduction": -90.0,
    "straight_leg_raise": -90.0,
}
"""From the pose a repetition starts in to the upright thigh, along the movement, by anatomy: lying,
the knee's end is raised; in a bridge the hip's is, from a thigh that points up to the knee. All
others begin with an upright thigh."""


def _upright(take: Take) -> FloatArray:
    """What points up in the take's sensor when its thigh is upright."""
    home, toward, _ = deriving.seen_movement(take)  # type: ignore[misc]
    angle = np.radians(UPRIGHT_DEG.get(take.exercise, 0.0))
    return np.asarray(np.cos(angle) * home + np.sin(angle) * toward)


def _walks(take: Take, rng: np.random.Generator) -> Iterator[Take]:
    upright = _upright(take)
    for _ in range(2):
        parts = [walking(take, 12.0, rng, upright), take, walking(take, 12.0, rng, upright)]
        yield deriving.joined(take, parts, "walks around it", rng)
    if take.count >= 8 and take.whole:
        half_s = 0.5 * (take.times_s[take.count // 2 - 1][1] + take.times_s[take.count // 2][0])
        parts = [
            take.between(-np.inf, half_s),
            walking(take, 12.0, rng, upright),
            take.between(half_s, np.inf),
        ]
        yield deriving.joined(take, parts, "a walk within", rng)


def _rates(take: Take, _rng: np.random.Generator) -> Iterator[Take]:
    """Slow ones, and those that chips really have; the slow ones are the hardest with tempo."""
    for rate_hz in (12.5, 15.0, 20.0, 26.0, 104.0):
        yield deriving.at_rate(take, rate_hz)
        yield deriving.at_rate(deriving.without_gyroscope(take), rate_hz)


def _extreme(take: Take, _rng: np.random.Generator) -> Iterator[Take]:
    """Twice as quick, or as slow and slower still, as one who is in pain is; at 10 Hz as well."""
    for factor in (0.5, 2.0, 2.8):
        slow = deriving.stretched(take, factor)
        lasts_s = [b - a for a, b in slow.times_s]
        if min(lasts_s) > 0.8 and max(lasts_s) < 20.0:
            yield slow
            yield deriving.at_rate(deriving.without_gyroscope(slow), 10.0)


def _faults(take: Take, rng: np.random.Generator) -> Iterator[Take]:
    yield faults.coarse(take)
    yield faults.coarse(deriving.without_gyroscope(take))
    yield faults.badly_timed(take, rng)
    yield faults.badly_timed(deriving.at_rate(take, 12.5), rng)
    if take.pieces[0].gyr is not None:
        yield faults.drifting(take, 5.0, rng)


def _strap(take: Take, rng: np.random.Generator) -> Iterator[Take]:
    if take.count >= 4:
        for degrees in (8.0, 15.0, 25.0):
            yield faults.slipping(take, degrees, rng)


def _backwards(take: Take, _rng: np.random.Generator) -> Iterator[Take]:
    yield faults.backwards(take)


def _breaks(take: Take, rng: np.random.Generator) -> Iterator[Take]:
    if take.count >= 4 and take.whole:
        yield faults.interrupted(take, 25.0, rng, away=False)
        yield faults.interrupted(take, 60.0, rng, away=False)
        yield faults.interrupted(take, 10.0, rng, away=True)
        yield faults.interrupted(take, 60.0, rng, away=True)


def _fidgets(take: Take, rng: np.random.Generator) -> Iterator[Take]:
    for _ in range(3):
        yield faults.fidgeting(take, rng)


ATTACKS: dict[str, Attack] = {
    "elsewhere": _elsewhere,
    "few": _few,
    "few_elsewhere": _few_elsewhere,
    "close": _close,
    "tempo": _tempo,
    "size": _size,
    "sensor": _sensor,
    "mounting": _mounting,
    "loss": _loss,
    "two_styles": _two_styles,
    "walks": _walks,
    "rates": _rates,
    "extreme": _extreme,
    "faults": _faults,
    "strap": _strap,
    "backwards": _backwards,
    "breaks": _breaks,
    "fidgets": _fidgets,
}


def attacks_of(kind: str, take: Take) -> list[Take]:
    """All takes that one kind of attack derives from one take."""
    rng = np.random.default_rng(zlib.crc32(f"{kind} {take.name}".encode()))
    return list(ATTACKS[kind](take, rng))


def counted(take: Take) -> int:
    """How many repetitions the hub finds."""
    return len(analyzed(take).repetitions)


def _try(task: tuple[str, int]) -> list[tuple[str, str, int, int]]:
    kind, number = task
    return [(kind, t.name, t.count, counted(t)) for t in attacks_of(kind, takes()[number])]


def sweep(kinds: Sequence[str], *, jobs: int) -> list[tuple[str, str, int, int]]:
    """Kind, name, truth and count of every attack."""
    tasks = [(kind, n) for kind in kinds for n in range(len(takes()))]
    if jobs == 1:
        return [row for task in tasks for row in _try(task)]
    with get_context("spawn").Pool(jobs) as pool:
        return [row for rows in pool.imap(_try, tasks) for row in rows]


def main() -> None:
    """Prints every miscount and a table by kind of attack."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("kinds", nargs="*", default=list(ATTACKS))
    parser.add_argument("--jobs", type=int, default=1)
    options = parser.parse_args()
    rows = sweep(options.kinds or list(ATTACKS), jobs=options.jobs)
    table: dict[str, list[int]] = defaultdict(list)
    for kind, name, want, got in rows:
        table[kind].append(got - want)
        if got != want:
            sys.stdout.write(f"{kind:14} {name[:90]:90} {want:3} {got - want:+d}\n")
    table["all"] = [off for offs in list(table.values()) for off in offs]
    for kind, offs in table.items():
        wrong, far = sum(o != 0 for o in offs), sum(abs(o) > 1 for o in offs)
        share = 100.0 * (1.0 - wrong / max(1, len(offs)))
        sys.stdout.write(
            f"{kind:14} {len(offs):5} tried {wrong:4} wrong {far:4} by more than one  "
            f"{share:5.1f} % exact\n"
        )


if __name__ == "__main__":
    main()
