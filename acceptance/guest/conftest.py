"""The machine that the tests of a guest run on: started once, its figures written at the end."""

import asyncio
import json
import os
import platform
import sys
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE), str(HERE.parents[1] / "tests" / "integration")]

from radio import SimulatedRadio  # noqa: E402
from services import (  # noqa: E402
    Service,
    bluetoothd,
    bluetoothd_version,
    message_bus,
    until_adapter_on,
)

PLACEMENTS = ("thigh_right", "thigh_left", "pelvis")
PATIENCE_S = 240.0


@dataclass
class Bluetooth:
    """What the radio's tests have in their hands."""

    daemon: Service
    radio: SimulatedRadio
    figures: dict[str, object] = field(default_factory=dict)


@pytest.fixture(scope="session")
def folder() -> Path:
    """Where logs and figures go, outside the guest."""
    return Path(os.environ["ACCEPTANCE_FOLDER"])


@pytest.fixture(scope="session")
def bluetooth(folder: Path) -> Iterator[Bluetooth]:
    """A message bus, a bluetoothd, an adapter that is on, and three sensors on the air."""
    bus = message_bus(folder)
    daemon = bluetoothd(folder)
    radio = SimulatedRadio(PLACEMENTS, logs=folder)
    until_adapter_on()
    one = Bluetooth(daemon, radio)
    one.figures |= {"kernel": platform.release(), "bluez": bluetoothd_version()}
    yield one
    (folder / "radio.json").write_text(json.dumps(one.figures, indent=1))
    radio.close()
    daemon.stop()
    bus.stop()


def run(scenario: Callable[[], Awaitable[None]]) -> None:
    """Play a scenario, with an end to all patience."""

    async def main() -> None:
        async with asyncio.timeout(PATIENCE_S):
            await scenario()

    asyncio.run(main())
