"""The simulated sensors as a process beside the tests: what it says, and what it is told."""

import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from services import GuestError


@dataclass(frozen=True, slots=True)
class OnAir:
    """One sensor. ``born_ns``: when its own clock began, on the clock since boot."""

    placement: str
    name: str
    address: str
    born_ns: int


class SimulatedRadio:
    """``python -m firmware_sim.radio``. Its sensors' clocks are exact: latency can be told."""

    def __init__(self, placements: Sequence[str], *, logs: Path) -> None:
        words = [word for one in placements for word in ("--sensor", f"{one}:ppm=0,imu_ppm=0")]
        command = (sys.executable, "-m", "firmware_sim.radio", "--scenario", "squat", *words)
        with (logs / "radio.log").open("ab") as log:
            self._process = subprocess.Popen(
                command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log, text=True
            )
        self.sensors = {one.placement: one for one in (self._ready() for _ in placements)}

    def drop(self, placement: str) -> None:
        """The sensor hangs up."""
        self._tell(f"drop {placement}")

    def away(self, placement: str, *, seconds: float) -> None:
        """The sensor is out of reach for a while."""
        self._tell(f"away {placement} {seconds}")

    def close(self) -> None:
        """End it; the adapter goes with it."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        self._process.wait(20)
        self._process.stdout.close()

    def _ready(self) -> OnAir:
        match self._hear().split():
            case ["ready", placement, name, address, born_ns]:
                return OnAir(placement, name, address, int(born_ns))
            case words:
                raise GuestError(f"the simulated radio says {' '.join(words) or 'nothing'}")

    def _tell(self, line: str) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(f"{line}\n")
        self._process.stdin.flush()
        answer = self._hear()
        if answer != "done":
            raise GuestError(f"the simulated radio answers {answer!r} to {line!r}")

    def _hear(self) -> str:
        assert self._process.stdout is not None
        return self._process.stdout.readline().strip()
