"""The device at the end of a serial line."""

from omp_rig import HELLO, SECOND_US, RampImu, device


def test_ten_silent_seconds_lose_a_serial_link_and_hello_resumes() -> None:
    from firmware_sim.omp.framing import FrameReader, encode_frame

    sensor = device()
    peer, now = sensor.serial, 0
    reader = FrameReader(frozenset(range(1, 6)))
    frames: list[tuple[int, bytes]] = []

    def run(us: int) -> None:
        nonlocal now
        end = now + us
        while (due := peer.next_poll_us()) is not None and due <= end:
            now = max(now, due)
            for sent in peer.poll(now):
                frames.extend((f.channel, f.packet) for f in reader.push(sent.data))
        now = end
        for sent in peer.poll(now):
            frames.extend((f.channel, f.packet) for f in reader.push(sent.data))

    def tell(packet: bytes) -> None:
        peer.receive("serial", encode_frame(1, packet), now)
        run(50_000)

    peer.link_up(0, mtu=None)
    run(1000)
    assert [channel for channel, _ in frames] == [4]  # a greeting in the log, nothing else
    tell(b"\x01\x01" + HELLO)
    tell(b"\x05\x02")
    for tid in range(3, 6):
        run(4 * SECOND_US)
        tell(bytes((8, tid)))
    run(9 * SECOND_US)
    assert frames[-1][1][0] >> 4 == 1
    run(5 * SECOND_US)
    quiet = len(frames)
    run(10 * SECOND_US)
    assert len(frames) == quiet
    tell(b"\x08\x09")
    assert frames[-1] == (1, b"\xf0\x08\x09\x05\x00")
    resumed = len(frames)
    tell(b"\x01\x0a" + HELLO)
    run(SECOND_US)
    assert [packet[0] for _, packet in frames[resumed : resumed + 3]] == [0xF0, 0x32, 0x11]
    # A HELLO in the middle of a stream starts the link anew, not the session.
    again = len(frames)
    tell(b"\x01\x0a" + HELLO)
    run(SECOND_US)
    kinds = [packet[0] for _, packet in frames[again:]]
    assert kinds[kinds.index(0xF0) + 1] == 0x32
    assert 0x11 in kinds
    peer.link_down(now)
    assert peer.poll(now) == []


def test_a_slow_line_paces_and_keeps_order() -> None:
    from firmware_sim.omp.device import OmpDevice, identity_of
    from firmware_sim.omp.framing import encode_frame

    sensor = OmpDevice(identity_of("belly"), RampImu(), baud=9600)
    peer, now = sensor.serial, 0
    peer.link_up(0, mtu=None)
    for packet in (b"\x01\x01" + HELLO, b"\x05\x02"):
        peer.receive("serial", encode_frame(1, packet), now)
        now += 100_000
        peer.poll(now)
    sent = 0
    while now < 10 * SECOND_US:
        due = peer.next_poll_us()
        assert due is not None
        now = max(due, now)
        sent += sum(len(out.data) for out in peer.poll(now))
    assert 4_000 < sent <= 960 * 10 * 1.1
