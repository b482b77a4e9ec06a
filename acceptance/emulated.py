"""Boots Debian's own kernel in an emulator, with a serial adapter that can be pulled out.

qemu emulates the processor (no KVM needed) and an FTDI adapter, whose wire ends in a TCP port where
a simulated sensor listens. The guest asks for the adapter to be pulled and plugged by writing into
its folder.
"""

import json
import shlex
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from acceptance.ending import ending
from acceptance.unavailable import UnavailableError

ASK_FILE: Final = "ask"  # the guest writes `pull` or `plug`; it is removed once done
_GUEST_FOLDER: Final = "/mnt"
_INIT: Final = Path(__file__).with_name("emulated_init.sh")
_MODULES: Final = (
    "virtio_pci",
    "9pnet_virtio",
    "9p",
    "overlay",
    "xhci_pci",
    "ftdi_sio",
)
_ADAPTER: Final = {
    "driver": "usb-serial",
    "id": "adapter",
    "bus": "usb.0",
    "chardev": "wire",
    "always-plugged": True,
}
_MEMORY_MB: Final = 1024
_LOOK_EVERY_S: Final = 0.1
_CLEAR_AWAY_S: Final = 10.0


class Monitor:
    """qemu's control socket (QMP): one command at a time."""

    def __init__(self, path: Path) -> None:
        self._socket = socket.socket(socket.AF_UNIX)
        self._socket.settimeout(20)
        self._socket.connect(str(path))
        self._lines = self._socket.makefile("r")
        self._lines.readline()  # the greeting
        self.do("qmp_capabilities")

    def do(self, command: str, **arguments: object) -> None:
        """Raises OSError when qemu refuses."""
        request = {"execute": command, "arguments": arguments}
        self._socket.sendall(json.dumps(request).encode())
        while line := self._lines.readline():
            answer = json.loads(line)
            if "error" in answer:
                raise OSError(answer["error"]["desc"])
            if "return" in answer:
                return
        raise OSError("qemu hung up")

    def close(self) -> None:
        self._lines.close()
        self._socket.close()


def run_emulated(
    kernel: tuple[Path, str],
    command: Sequence[str],
    *,
    folder: Path,
    wire_port: int,
    patience_s: float,
) -> int | None:
    """Run ``command`` in a fresh guest; ``folder`` is its ``/mnt``. Its exit code.

    None: it hung, or ended in the middle of its work; how is said on the error output.

    Raises:
        UnavailableError: qemu does not start, or the kernel does not boot.
    """
    root, release = kernel
    script = folder / "command.sh"
    script.write_text(f"#!/bin/sh\ntouch {_GUEST_FOLDER}/booted\nexec {shlex.join(command)}\n")
    script.chmod(0o755)
    code_file = folder / "exitcode"
    code_file.unlink(missing_ok=True)
    booted = folder / "booted"
    booted.unlink(missing_ok=True)
    (folder / ASK_FILE).unlink(missing_ok=True)
    archive = _first_root(root, release, folder)
    monitor_path = folder / "qmp"
    with (folder / "console.log").open("wb") as console:
        guest = subprocess.Popen(
            _qemu(root / "boot" / f"vmlinuz-{release}", archive, folder, wire_port),
            stdin=subprocess.DEVNULL,
            stdout=console,
            stderr=subprocess.STDOUT,
        )
    try:
        finished = _serve(guest, monitor_path, folder, patience_s)
    finally:
        guest.kill()
        guest.wait()
        said = (folder / "console.log").read_text(errors="replace")
        sys.stdout.write(said)
        sys.stdout.flush()
    if code_file.exists():
        return int(code_file.read_text())
    if not finished:
        print(f"The emulated machine was still at work after {patience_s:g} s.", file=sys.stderr)
        return None
    how = ending(guest.returncode, said, what="The emulated machine", began=booted.exists())
    if booted.exists():
        print(how, file=sys.stderr)
        return None
    raise UnavailableError(how, hint="See console.log in the log folder.")


def _serve(
    guest: "subprocess.Popen[bytes]", monitor_path: Path, folder: Path, patience_s: float
) -> bool:
    """Do what the guest asks for until it ends; whether it did."""
    deadline_s = time.monotonic() + patience_s
    monitor: Monitor | None = None
    while guest.poll() is None:
        if time.monotonic() > deadline_s:
            return False
        if monitor is None and monitor_path.exists():
            monitor = Monitor(monitor_path)
            _plug(monitor)
        asked = folder / ASK_FILE
        if monitor is not None and asked.exists():
            if asked.read_text() == "pull":
                monitor.do("device_del", id=_ADAPTER["id"])
            else:
                _plug(monitor)
            asked.unlink()
        time.sleep(_LOOK_EVERY_S)
    if monitor is not None:
        monitor.close()
    return True


def _plug(monitor: Monitor) -> None:
    """Plug the adapter in; one just pulled holds the wire until qemu has cleared it away."""
    deadline_s = time.monotonic() + _CLEAR_AWAY_S
    while True:
        try:
            monitor.do("device_add", **_ADAPTER)
        except OSError:
            if time.monotonic() > deadline_s:
                raise
            time.sleep(_LOOK_EVERY_S)
        else:
            return


def _first_root(root: Path, release: str, folder: Path) -> Path:
    """An initramfs: busybox and the modules without which there is no root, in loading order."""
    tree = folder / "first"
    shutil.rmtree(tree, ignore_errors=True)
    for name in ("bin", "modules"):
        (tree / name).mkdir(parents=True)
    busybox = shutil.which("busybox")
    assert busybox is not None
    shutil.copy2(busybox, tree / "bin" / "busybox")
    shutil.copy2(_INIT, tree / "init")
    (tree / "init").chmod(0o755)
    loaded: list[Path] = []
    for module in _MODULES:
        shown = subprocess.run(
            ("modprobe", "-d", str(root), "-S", release, "--show-depends", module),
            capture_output=True,
            text=True,
            check=True,
        )
        for line in shown.stdout.splitlines():
            word, _, path = line.strip().partition(" ")
            if word == "insmod" and Path(path.strip()) not in loaded:
                loaded.append(Path(path.strip()))
    for number, file in enumerate(loaded):
        shutil.copy2(file, tree / "modules" / f"{number:03}-{file.name}")
    names = "\n".join(str(path.relative_to(tree)) for path in sorted(tree.rglob("*")))
    archive = folder / "first.cpio"
    with archive.open("wb") as out:
        subprocess.run(
            ("cpio", "-o", "-H", "newc", "--quiet"),
            input=names.encode(),
            stdout=out,
            cwd=tree,
            check=True,
        )
    return archive


def _qemu(image: Path, archive: Path, folder: Path, wire_port: int) -> list[str]:
    words = f"""
        qemu-system-x86_64 -M pc -accel tcg,thread=multi -cpu max -smp 2 -m {_MEMORY_MB}
        -nodefaults -no-user-config -display none -no-reboot -serial stdio
        -object rng-random,id=random,filename=/dev/urandom -device virtio-rng-pci,rng=random
        -fsdev local,id=host,path=/,security_model=none,readonly=on,multidevs=remap
        -device virtio-9p-pci,fsdev=host,mount_tag=host
        -device virtio-9p-pci,fsdev=folder,mount_tag=folder
        -device qemu-xhci,id=usb
        -chardev socket,id=wire,host=127.0.0.1,port={wire_port},reconnect=1
    """.split()
    return [
        *words,
        "-fsdev",
        f"local,id=folder,path={folder},security_model=none",
        "-qmp",
        f"unix:{folder}/qmp,server=on,wait=off",
        "-kernel",
        str(image),
        "-initrd",
        str(archive),
        "-append",
        "console=ttyS0 quiet loglevel=3 panic=-1 mitigations=off audit=0 tsc=reliable nowatchdog",
    ]
