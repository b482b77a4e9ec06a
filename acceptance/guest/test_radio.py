"""sensorhub's own transport and supervisor over the real kernel and the real bluetoothd.

In the order of the file: the last tests leave the least behind them.
"""

import asyncio
import time
from collections.abc import Iterator

import pytest
from bleak.exc import BleakError
from conftest import Bluetooth, run
from hub import linked, percentiles, transport
from services import ADAPTER, PairingAgent, adapter_on, power, property_of, until_adapter_on
from streams import assert_every_sample_once, stream

from sensorhub.daemon.links.state import LinkPhase
from sensorhub.devices.omp.family import FAMILY
from sensorhub.model.errors import TransportError
from sensorhub.transports.ble import NotifyPath
from sensorhub.transports.ble_radio import BleRadio
from sensorhub.transports.hubclock import HubClock

OPENS_A_SENSOR = 4
DROPS = 12
AWAYS = 3
AWAY_S = 3.0


@pytest.fixture(autouse=True)
def _bluetoothd_lives(bluetooth: Bluetooth) -> Iterator[None]:
    """A bluetoothd that crashes fails the test in which it did, by name."""
    yield
    assert not bluetooth.daemon.died, "bluetoothd crashed: see dmesg.log and bluetoothd.log"


def test_every_sensor_is_heard(bluetooth: Bluetooth) -> None:
    async def scenario() -> None:
        heard = {one.name: one for one in await BleRadio().survey(listen_s=3.0)}
        assert FAMILY.ble is not None
        for sensor in bluetooth.radio.sensors.values():
            assert heard[sensor.name].address == sensor.address
            assert set(heard[sensor.name].service_uuids) & set(FAMILY.ble.service_uuids)

    run(scenario)


def test_connecting_succeeds_at_the_first_try(bluetooth: Bluetooth) -> None:
    async def scenario() -> None:
        radio, clock = BleRadio(), HubClock()
        took_s, failed = [], []
        for sensor in list(bluetooth.radio.sensors.values()) * OPENS_A_SENSOR:
            way = transport(sensor, radio, clock)
            begun = time.monotonic()
            try:
                await way.open()
            except TransportError as error:
                failed.append(str(error))
            else:
                took_s.append(time.monotonic() - begun)
            await way.close()
        bluetooth.figures["open_s"] = percentiles(took_s)
        bluetooth.figures["opens"] = {"tried": len(took_s) + len(failed), "failed": failed}
        assert not failed

    run(scenario)


def test_three_sensors_at_100_hz(bluetooth: Bluetooth) -> None:
    stream(bluetooth, NotifyPath.SIGNALS)


def test_a_storm_of_disconnects_loses_nothing(bluetooth: Bluetooth) -> None:
    async def scenario() -> None:
        sensor = bluetooth.radio.sensors["thigh_right"]
        back_s = []
        async with linked([sensor]) as (one,):
            for number in range(DROPS + AWAYS):
                begun = time.monotonic()
                if number % 5 == 4:
                    bluetooth.radio.away(sensor.placement, seconds=AWAY_S)
                    begun += AWAY_S
                else:
                    bluetooth.radio.drop(sensor.placement)
                await one.lost()
                back_s.append(await one.resumed(after=begun))
        bluetooth.figures["storm"] = {
            "disconnects": len(back_s),
            "back_s": percentiles(back_s),
            "samples": len(one.copies()),
            "missing": one.missing(),
        }
        assert_every_sample_once(one)

    run(scenario)


def test_pairing_needs_an_agent_and_the_bond_lasts(bluetooth: Bluetooth) -> None:
    async def scenario() -> None:
        sensor = bluetooth.radio.sensors["pelvis"]
        radio = BleRadio()
        path = f"{ADAPTER}/dev_{sensor.address.replace(':', '_')}"
        client = await radio.connect(
            await radio.find(sensor.name, timeout_s=20.0), on_lost=lambda: None
        )
        with pytest.raises(BleakError, match="Authentication"):
            await client.pair()
        await client.disconnect()
        with PairingAgent():
            client = await radio.connect(
                await radio.find(sensor.name, timeout_s=20.0), on_lost=lambda: None
            )
            begun = time.monotonic()
            await client.pair()
            bluetooth.figures["pair_s"] = round(time.monotonic() - begun, 2)
            assert property_of(path, "Device1", "Paired") == "b true"
            await client.disconnect()
        async with linked([sensor]) as (one,):  # the bond's key is used, without an agent
            assert property_of(path, "Device1", "Paired") == "b true"
        assert_every_sample_once(one)

    run(scenario)


def test_the_adapter_switched_off_and_on(bluetooth: Bluetooth) -> None:
    async def scenario() -> None:
        async with linked([bluetooth.radio.sensors["thigh_left"]]) as (one,):
            power(on=False)
            await one.lost()
            await one.listener.until(
                lambda: any("switched off" in str(status.error) for status in one.listener.statuses)
            )
            begun = time.monotonic()
            power(on=True)
            bluetooth.figures["after_power_s"] = round(await one.resumed(after=begun), 2)
        assert adapter_on()
        assert_every_sample_once(one)

    run(scenario)


def test_bluetoothd_killed_and_started_again(bluetooth: Bluetooth) -> None:
    async def scenario() -> None:
        async with linked([bluetooth.radio.sensors["thigh_right"]]) as (one,):
            begun = time.monotonic()
            bluetooth.daemon.kill()
            await one.lost()  # nobody says so: only the silence of the samples does
            bluetooth.figures["death_noticed_s"] = round(time.monotonic() - begun, 2)
            begun = time.monotonic()
            bluetooth.daemon.start()
            await asyncio.to_thread(until_adapter_on)
            bluetooth.figures["after_restart_s"] = round(await one.resumed(after=begun), 2)
            assert LinkPhase.GAVE_UP not in one.listener.phases
        assert_every_sample_once(one)

    run(scenario)
