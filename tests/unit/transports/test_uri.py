"""Sensor URIs: what is understood, what is refused, and that reading one loads no radio."""

import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sensorhub.model.errors import InputError
from sensorhub.transports.uri import BleUri, ReplayUri, SerialUri, parse_uri


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("ble:OM-C0E6", BleUri("OM-C0E6")),
        ("ble: My Sensor ", BleUri("My Sensor")),
        ("BLE:c0:00:00:00:00:0a", BleUri("C0:00:00:00:00:0A")),
        ("ble:OM-1?family=omp", BleUri("OM-1", "omp")),
        ("serial:/dev/ttyACM0", SerialUri("/dev/ttyACM0")),
        ("serial:/dev/ttyUSB0?baud=9600", SerialUri("/dev/ttyUSB0", 9600)),
        ("serial:/tmp/a b?family=omp&baud=9600", SerialUri("/tmp/a b", 9600, "omp")),
        ("serial:socket://localhost:2300", SerialUri("socket://localhost:2300")),
        ("serial:socket://[::1]:02300/", SerialUri("socket://[::1]:2300")),
        ("replay:night.rec", ReplayUri(Path("night.rec"))),
        ("  replay:/x/y?family=omp ", ReplayUri(Path("/x/y"), "omp")),
    ],
)
def test_understood(text, expected):
    assert parse_uri(text) == expected
    assert parse_uri(str(expected)) == expected


@pytest.mark.parametrize(
    "text",
    [
        "",
        ":",
        "ble",
        "ble:",
        "ble:?family=omp",
        "/dev/ttyACM0",
        "usb:/dev/ttyACM0",
        "serial:ttyACM0",
        "serial:http://host:1",
        "serial:socket://host",
        "serial:socket://host:0",
        "serial:socket://host:65536",
        "serial:socket://user@host:1:2",
        "serial:/dev/ttyACM0?baud=fast",
        "serial:/dev/ttyACM0?baud=0",
        "serial:/dev/ttyACM0?parity=even",
        "serial:/dev/ttyACM0?baud=1&baud=2",
        "serial:/dev/ttyACM0?",
        "ble:X?baud=9600",
        "replay:x?baud=9600",
        "ble:\x1b[31mred",
        "ble:" + "x" * 5000,
    ],
)
def test_refused_with_what_to_do(text):
    with pytest.raises(InputError) as refusal:
        parse_uri(text)
    assert refusal.value.hint


@given(st.text(max_size=60) | st.text("bleserialreplay:/?=&socket.0159 ", max_size=60))
def test_any_text_is_understood_or_refused(text):
    try:
        uri = parse_uri(text)
    except InputError:
        return
    assert parse_uri(str(uri)) == uri


def test_an_address_is_told_from_a_name():
    assert parse_uri("ble:C0:00:00:00:00:01").is_address
    assert not parse_uri("ble:C0:00:00:00:00").is_address
    assert parse_uri("serial:socket://h:1").is_network
    assert not parse_uri("serial:/dev/ttyS0").is_network


def test_reading_a_uri_loads_neither_radio_nor_serial():
    code = (
        "import sys, sensorhub.transports.uri, sensorhub.transports.base;"
        "import sensorhub.daemon.links.opening;"
        "print([m for m in ('bleak', 'serial', 'dbus_fast') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
