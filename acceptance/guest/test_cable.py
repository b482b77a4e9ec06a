"""sensorhub's serial transport and supervisor on a real driver: an FTDI adapter, pulled out."""

import asyncio
import json
import platform
import time
from collections import Counter
from pathlib import Path

from conftest import run
from link_rig import supervised

from sensorhub.daemon.links.state import LinkPhase
from sensorhub.model.errors import LinkLostError
from sensorhub.transports.hubclock import HubClock
from sensorhub.transports.serial_port import SerialTransport

PORT = Path("/dev/ttyUSB0")
PULLS = 3
LOOK_EVERY_S = 0.05


async def until(holds, what: str) -> None:
    """Wait for what no event tells: a device node, a file of the host's."""
    try:
        async with asyncio.timeout(60):
            while not holds():  # noqa: ASYNC110 - nobody would set an event
                await asyncio.sleep(LOOK_EVERY_S)
    except TimeoutError:
        raise AssertionError(f"waited in vain for {what}") from None


async def ask(folder: Path, what: str) -> None:
    """Have the host pull the adapter out or plug it in."""
    fresh = folder / "ask.new"
    fresh.write_text(what)
    fresh.rename(folder / "ask")
    await until(lambda: not (folder / "ask").exists(), f"the host to {what} the adapter")


def test_the_adapter_pulled_out_and_plugged_in(folder: Path) -> None:
    async def scenario() -> None:
        await until(PORT.exists, "the serial adapter")
        clock = HubClock()
        noticed_s, back_s = [], []
        async with supervised(SerialTransport(str(PORT), clock=clock), clock) as (link, listener):
            await listener.streaming()
            for _ in range(PULLS):
                before = len(listener.statuses)
                begun = time.monotonic()
                await ask(folder, "pull")
                await listener.until(
                    lambda before=before: any(
                        isinstance(one.error, LinkLostError) for one in listener.statuses[before:]
                    )
                )
                noticed_s.append(time.monotonic() - begun)
                await until(lambda: not PORT.exists(), "the port to vanish")
                begun = time.monotonic()
                await ask(folder, "plug")
                await listener.streaming()
                back_s.append(time.monotonic() - begun)
            assert link.status.phase is LinkPhase.STREAMING
        copies = Counter(
            (event.stream, event.first_index + k)
            for event in listener.samples()
            for k in range(len(event.acc_mps2))
        )
        figures = {
            "kernel": platform.release(),
            "pulls": PULLS,
            "noticed_s": [round(value, 2) for value in noticed_s],
            "back_s": [round(value, 2) for value in back_s],
            "samples": len(copies),
            "lost": link.counters.lost,
            "twice": sum(count > 1 for count in copies.values()),
        }
        (folder / "cable.json").write_text(json.dumps(figures, indent=1))
        assert max(copies.values()) == 1
        assert link.counters.lost == 0

    run(scenario)
