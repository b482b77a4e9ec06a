"""Three sensors at 100 Hz for a minute, over either way in which BlueZ notifies."""

import asyncio

from conftest import Bluetooth, run
from hub import Linked, linked, percentiles

from sensorhub.model.link import RecordKind
from sensorhub.transports.ble import NotifyPath

STREAM_S = 60.0


def stream(bluetooth: Bluetooth, path: NotifyPath) -> None:
    """Control and data both ways; every sample arrives, and once."""

    async def scenario() -> None:
        async with linked(list(bluetooth.radio.sensors.values()), notify=path) as links:
            await asyncio.sleep(STREAM_S)  # the measurement itself, not a wait for something
        latencies_ms = [value for one in links for value in one.latencies_ms()]
        counters = [one.link.counters for one in links]
        bluetooth.figures[f"stream_{path.value}"] = {
            "latency_ms": percentiles(latencies_ms),
            "received": sum(one.received for one in counters),
            "lost": sum(one.lost for one in counters),
            "duplicate": sum(one.duplicate for one in counters),
            "backfilled": sum(one.backfilled for one in counters),
            "dropped_chunks": sum(one.link.dropped_chunks for one in links),
        }
        for one in links:
            assert len(one.copies()) > 0.98 * STREAM_S * 100
            assert_every_sample_once(one)
            lanes = {(record.kind, record.channel) for record in one.listener.records}
            assert (RecordKind.SENT, "control") in lanes
            assert (RecordKind.RECEIVED, "control") in lanes
            assert (RecordKind.RECEIVED, "data") in lanes

    run(scenario)


def assert_every_sample_once(one: Linked) -> None:
    """Nothing is missing of what this link carried, and nothing came twice."""
    copies = one.copies()
    assert copies
    assert max(copies.values()) == 1
    assert one.missing() == 0
    assert one.link.counters.lost == 0
