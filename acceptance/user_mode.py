"""Boots a User-Mode Linux on this computer's own file system and runs one command in it.

The root is the host's, read only, with memory above it: the guest sees the same virtual environment
at the same paths, and nothing it writes stays, except in the folder it is given.
"""

import os
import shlex
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from acceptance.unavailable import UnavailableError

GUEST_FOLDER: Final = Path("/mnt")
_MEMORY: Final = "1024M"
_INIT: Final = Path(__file__).with_name("user_mode_init.sh")
_EXIT_CODE: Final = "exitcode"


def run_in_user_mode(
    kernel: Path, command: Sequence[str], *, folder: Path, patience_s: float
) -> int | None:
    """Run ``command`` in a fresh guest; ``folder`` is its ``/mnt``. Its exit code, None: it hung.

    Raises:
        UnavailableError: the kernel does not boot here.
    """
    code_file = folder / _EXIT_CODE
    code_file.unlink(missing_ok=True)
    script = folder / "command.sh"
    script.write_text(f"#!/bin/sh\nexec {shlex.join(command)}\n")
    script.chmod(0o755)
    init = folder / "init.sh"
    init.write_text(_INIT.read_text().replace("@FOLDER@", str(folder)))
    init.chmod(0o755)
    guest = subprocess.Popen(
        (
            str(kernel),
            f"mem={_MEMORY}",
            "root=/dev/root",
            "rootfstype=hostfs",
            "rootflags=/",
            "ro",
            f"init={init}",
            "con=null",
            "con0=null,fd:1",
            "ssl=null",
            "quiet",
        ),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        env=os.environ | {"TMPDIR": "/dev/shm"},
        text=True,
        errors="replace",
        start_new_session=True,
    )
    try:
        said, _ = guest.communicate(timeout=patience_s)
    except subprocess.TimeoutExpired:
        _end(guest)
        said, _ = guest.communicate()
        sys.stdout.write(said)
        return None
    sys.stdout.write(said)
    sys.stdout.flush()
    if not code_file.exists():
        last = (said.strip().splitlines() or ["no word"])[-1]
        raise UnavailableError(
            f"The User-Mode Linux kernel did not boot: {last}",
            hint="It needs ptrace and /dev/shm with a gigabyte; containers often forbid that.",
        )
    return int(code_file.read_text())


def _end(guest: "subprocess.Popen[str]") -> None:
    """End the guest and the processes it runs its own on: a session of its own."""
    os.killpg(guest.pid, signal.SIGKILL)
