"""Packets written by hand from docs/protocol.md, with what they mean."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from sensorhub.devices.omp.states import Phase
from sensorhub.protocol.control import Op, Request, Response, Status
from sensorhub.protocol.envelope import Channel, Enveloped, EnvelopeReader, wrap
from sensorhub.protocol.packets import (
    SAMPLE_LAYOUTS,
    EventPacket,
    SamplesPacket,
    StatusPacket,
    TimePacket,
)
from sensorhub.protocol.tlv import TLV_TYPES, Tlvs

GOLDEN = Path(__file__).parents[2] / "golden" / "omp_host_packets.json"
PACKETS: list[dict[str, Any]] = json.loads(GOLDEN.read_text())
BY_NAME = pytest.mark.parametrize("golden", PACKETS, ids=lambda golden: golden["name"])


def plain(value: Any) -> Any:
    if isinstance(value, bytes):
        return value.hex()
    return list(value) if isinstance(value, tuple) else value


def settings_of(tlvs: Tlvs) -> dict[str, Any]:
    return {
        TLV_TYPES[number].name: plain(TLV_TYPES[number].unpack(value))
        for number, value in tlvs.items
    }


def read(means: dict[str, Any], packet: bytes) -> tuple[dict[str, Any], bytes]:
    """Return what we read in a packet, in the words of the golden file, and the packet we write."""
    if "request" in means:
        request = Request.decode(packet)
        op = Op(request.op).name
        return (
            {"request": op, "tid": request.tid, "settings": settings_of(request.tlvs)},
            request.encode(),
        )
    if "response" in means:
        answer = Response.decode(packet)
        return {
            "response": Op(answer.op).name,
            "tid": answer.tid,
            "status": answer.status.name,
            "more": answer.more,
            "settings": settings_of(answer.tlvs),
        }, answer.encode()
    if "samples" in means:
        samples = SamplesPacket.decode(packet)
        return {
            "samples": {
                "kind": samples.kind,
                "flags": samples.flags,
                "seq": samples.seq,
                "t0_us": samples.t0_us,
                "values": samples.values().tolist(),
            }
        }, samples.encode()
    if "event" in means:
        event = EventPacket.decode(packet)
        found = {"code": event.code, "arg": event.arg, "index": event.index, "t_us": event.t_us}
        return {"event": found}, event.encode()
    if "time" in means:
        time = TimePacket.decode(packet)
        return {
            "time": {"tid": time.tid, "t2_us": time.t2_us, "held_us": time.held_us}
        }, time.encode()
    status = StatusPacket.decode(packet)
    return {
        "status": {
            "t_us": status.t_us,
            "index": status.index,
            "battery_mv": status.battery_mv,
            "percent": status.percent,
            "bits": status.bits,
        }
    }, status.encode()


@BY_NAME
def test_means_what_the_document_says(golden: dict[str, Any]) -> None:
    found, _ = read(golden["means"], bytes.fromhex(golden["packet"]))
    assert found == golden["means"]


@BY_NAME
def test_is_written_as_it_was_read(golden: dict[str, Any]) -> None:
    packet = bytes.fromhex(golden["packet"])
    _, written = read(golden["means"], packet)
    if golden["means"].get("status") == "INTERNAL":
        written = (
            written[:3] + packet[3:4] + written[4:]
        )  # a reserved code keeps no number of its own
    assert written == packet


@BY_NAME
def test_serial_form(golden: dict[str, Any]) -> None:
    packet, serial = bytes.fromhex(golden["packet"]), bytes.fromhex(golden["serial"])
    channel = Channel(golden["channel"])
    assert wrap(channel, packet) == serial
    assert EnvelopeReader().push(serial) == [Enveloped(channel, packet)]


def test_every_operation_has_a_golden_request() -> None:
    seen = {golden["means"].get("request") for golden in PACKETS}
    assert {op.name for op in Op} - seen == {"CAL", "VENDOR"}  # reserved, and the vendor's own


def test_every_setting_has_a_golden_value() -> None:
    seen = {name for golden in PACKETS for name in golden["means"].get("settings", {})}
    # The magnetometer's scale comes only with format 13, which we never ask for.
    assert {kind.name for kind in TLV_TYPES.values()} - seen == {"magnetometer scale"}


def test_reserved_statuses_are_read_as_internal() -> None:
    for code in (16, 100, 254, 255):
        assert Status(code) is Status.INTERNAL


DOCUMENT = (Path(__file__).parents[3] / "docs" / "protocol.md").read_text()


def test_the_documents_vectors_are_the_golden_ones() -> None:
    told = re.findall(r"^  (?:packet|serial, channel \d) +([0-9a-f]+)$", DOCUMENT, re.MULTILINE)
    golden = [one[form] for one in PACKETS for form in ("packet", "serial")]
    assert told == golden[:22]


def test_the_document_names_every_operation_status_and_format() -> None:
    for op in Op:
        assert re.search(rf"^\| {op:02X} \| {op.name} \|", DOCUMENT, re.MULTILINE), op
    for status in Status:
        assert status.name in DOCUMENT
    for kind, layout in SAMPLE_LAYOUTS.items():
        assert re.search(
            rf"^\| {kind:02x} \| .* \| {2 * layout.columns} \|$", DOCUMENT, re.MULTILINE
        ), layout


def test_the_document_names_every_setting() -> None:
    rows = re.findall(
        r"^\|(.*)\|$", DOCUMENT.partition("### Settings")[2].partition("###")[0], re.MULTILINE
    )
    told = {
        int(number, 16)
        for row in rows
        for cell in row.split("|")[::2]
        for number in re.findall(r"\b[0-9A-F]{2}\b", cell)
    }
    assert told == set(TLV_TYPES)


def test_the_document_names_every_phase_of_the_host() -> None:
    for phase in set(Phase) - {Phase.DOWN, Phase.STOPPED, Phase.FAILED}:
        assert re.search(rf"^\| {phase} \|", DOCUMENT, re.MULTILINE), phase
