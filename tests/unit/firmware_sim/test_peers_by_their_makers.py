"""What simulated sensors say, read by the packages of the real ones' makers."""

import queue
from pathlib import Path

import capture2go
import numpy as np
import pytest
import ximu3
from capture2go import pkg

from firmware_sim.capture2go import Capture2Go
from firmware_sim.families import DeviceSetup
from firmware_sim.metamotion import MMR, MMS, Board, MetaMotion
from firmware_sim.movesense import Movesense
from firmware_sim.person import Person, SensorSetup
from firmware_sim.scenario.loader import load_scenario
from firmware_sim.wearable import Wearable
from firmware_sim.ximu3 import Ximu3

G_MPS2 = 9.80665


def worn() -> DeviceSetup:
    person = Person(load_scenario("standing_still"), seed=0)
    return DeviceSetup("thigh_right", person.wear("thigh_right", SensorSetup(part="ideal")))


def heard(peer: Wearable, seconds: float) -> list[bytes]:
    """Everything it says in that time, looked at every ten milliseconds."""
    out: list[bytes] = []
    begin = peer._now_us
    for now_us in range(begin, begin + round(seconds * 1e6), 10_000):
        out += [sent.data for sent in peer.poll(now_us)]
    return out


def test_ximu3_is_understood_in_both_modes(tmp_path: Path) -> None:
    peer = Ximu3(worn())
    peer.link_up(0, mtu=None)
    said = heard(peer, 3.0)
    peer.receive("serial", b'{"Binary mode-enabled":false}\n{"apply":null}\n', 3_000_000)
    said += heard(peer, 3.0)
    path = tmp_path / "said.ximu3"
    path.write_bytes(b"".join(said))
    connection = ximu3.Connection(ximu3.FileConnectionConfig(str(path)))
    found: list[tuple[int, float]] = []
    batteries: list[float] = []
    errors: list[int] = []
    ended: queue.Queue[int] = queue.Queue()

    def inertial(message: ximu3.InertialMessage) -> None:
        acc = (message.accelerometer_x, message.accelerometer_y, message.accelerometer_z)
        found.append((message.timestamp, float(np.linalg.norm(acc))))

    connection.add_inertial_callback(inertial)
    connection.add_battery_callback(lambda message: batteries.append(message.percentage))
    connection.add_receive_error_callback(errors.append)
    connection.add_status_callback(ended.put)
    connection.open()
    while ended.get(timeout=60) != ximu3.CONNECTION_STATUS_DISCONNECTED:
        pass
    statistics = connection.get_statistics()
    connection.close()
    assert errors == []
    assert statistics.error_total == 0
    assert statistics.message_total > 500
    times_us = [time for time, _ in found]
    assert times_us == sorted(times_us)
    assert len(found) == pytest.approx(6.0 * 50, abs=5)
    assert np.median([g for _, g in found]) == pytest.approx(1.0, abs=0.03)
    assert len(batteries) >= 5


@pytest.mark.parametrize("mtu", [247, 64])
def test_capture2go_is_understood_over_the_air(mtu: int) -> None:
    peer, unpacker = Capture2Go(worn(), serial=False), capture2go.Unpacker()
    peer.link_up(0, mtu=mtu)
    peer.subscribe("data", 0, enabled=True)
    mode = pkg.CmdSetMeasurementMode(fullPackedMode=2, statusMode=1, disableMagData=True)
    packages = [pkg.CmdGetDeviceInfo(), pkg.CmdStartStreaming(), mode, pkg.CmdStartStreaming()]
    packages += [mode, pkg.DataClockRoundtrip(hostSendTimestamp=77), pkg.CmdSleep()]
    said: list[pkg.AbstractPackage] = []
    for package in packages:
        peer.receive("command", bytes(package.pack()), peer._now_us)
        for data in heard(peer, 0.5):
            assert len(data) <= mtu - 3 or data[0] != 0xFF
            unpacker.feed(unpacker.extractRtPackages(data))
            said += list(unpacker)
    kinds = [type(one).__name__ for one in said]
    assert kinds.count("DataDeviceInfo") == 1
    assert kinds.count("DataMeasurementMode") == 1
    assert kinds.count("AckStartStreaming") == 1
    refused = [one.command for one in said if isinstance(one, pkg.SensorError)]
    # started before it had a mode; a mode while it streams; a command that is not simulated
    assert refused == [0x0150, 0x0120, pkg.CmdSleep.header]
    [trip] = [one for one in said if isinstance(one, pkg.DataClockRoundtrip)]
    assert trip.hostSendTimestamp == 77
    assert trip.sensorReceiveTimestamp > 0
    data = [one for one in said if isinstance(one, pkg.DataFull6DPacked100Hz)]
    assert len(data) == pytest.approx(2.0 * 12.5, abs=3)
    acc = np.concatenate([one.parse()["acc"] for one in data])
    assert np.median(np.linalg.norm(acc, axis=1)) == pytest.approx(G_MPS2, rel=0.03)
    assert {one.timestamp for one in data} == set(
        range(data[0].timestamp, data[-1].timestamp + 1, 80_000_000)
    )


def test_movesense_says_what_its_specification_shows() -> None:
    peer = Movesense(worn())
    peer.link_up(0, mtu=247)
    peer.subscribe("data", 0, enabled=True)
    peer.receive("command", b"\x01\x63/Meas/IMU6/52", 0)
    said = heard(peer, 1.0)
    assert said[0] == bytes.fromhex("0163c800")
    assert {len(data) for data in said[1:]} == {2 + 100}
    peer.receive("command", b"\x01\x64/Meas/Nothing", 1_000_000)
    assert bytes.fromhex("01649401") in heard(peer, 0.1)
    peer.receive("command", b"\x02\x63", peer._now_us)
    assert heard(peer, 1.0)[-1] == bytes.fromhex("0163c800")


@pytest.mark.parametrize(
    ("board", "acc", "gyr"), [(MMS, "0305", "1305"), (MMR, "031C", "1307")], ids=["S", "R"]
)
def test_metamotion_obeys_the_published_sequence(board: Board, acc: str, gyr: str) -> None:
    peer = MetaMotion(worn(), board)
    peer.link_up(0, mtu=23)
    peer.subscribe("data", 0, enabled=True)
    conf = "0303A801" if board is MMS else "03032805"
    for one in (conf, "13032800", f"{acc}01", f"{gyr}01", "03020100", "13020100"):
        peer.receive("command", bytes.fromhex(one), 0)
    assert heard(peer, 0.5) == []
    for one in ("030101", "130101"):
        peer.receive("command", bytes.fromhex(one), peer._now_us)
    said = heard(peer, 1.0)
    assert {data[:2].hex().upper() for data in said} == {acc, gyr}
    assert {len(data) for data in said} == {20}
    peer.link_down(peer._now_us)  # what is set up outlives the link
    peer.link_up(peer._now_us, mtu=23)
    peer.subscribe("data", peer._now_us, enabled=True)
    assert heard(peer, 0.5)
    peer.receive("command", bytes.fromhex("11CC"), peer._now_us)
    [battery] = [data for data in heard(peer, 0.1) if data[0] == 0x11]
    assert battery.hex().startswith("118c")
    peer.receive("command", bytes.fromhex("FE02"), peer._now_us)
    assert peer.in_bootloader
    assert heard(peer, 1.0) == []
