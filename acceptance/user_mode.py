"""Boots a User-Mode Linux on this computer's own file system and runs one command in it.

The root is the host's, read only, with memory above it: the guest sees the same virtual environment
at the same paths, and nothing it writes stays, except in the folder it is given.
"""

import contextlib
import os
import shlex
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from acceptance.ending import ending
from acceptance.unavailable import UnavailableError

GUEST_FOLDER: Final = Path("/mnt")
_MEMORY: Final = "1024M"
_INIT: Final = Path(__file__).with_name("user_mode_init.sh")
_EXIT_CODE: Final = "exitcode"


def run_in_user_mode(
    kernel: Path, command: Sequence[str], *, folder: Path, patience_s: float
) -> int | None:
    """Run ``command`` in a fresh guest; ``folder`` is its ``/mnt``.

    Its exit code, None: it hung or died.

    Raises:
        UnavailableError: the kernel does not boot here.
    """
    code_file = folder / _EXIT_CODE
    code_file.unlink(missing_ok=True)
    script = folder / "command.sh"
    booted = folder / "booted"
    booted.unlink(missing_ok=True)
    script.write_text(f"#!/bin/sh\ntouch {GUEST_FOLDER}/booted\nexec {shlex.join(command)}\n")
    script.chmod(0o755)
    init = folder / "init.sh"
    init.write_text(_INIT.read_text().replace("@FOLDER@", str(folder)))
    init.chmod(0o755)
    with (folder / "console.log").open("wb") as console:
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
            stdout=console,
            stderr=subprocess.STDOUT,
            env=os.environ | {"TMPDIR": "/dev/shm"},
            start_new_session=True,
        )
    hung = False
    try:
        guest.wait(patience_s)
    except subprocess.TimeoutExpired:
        hung = True
    finally:
        _end(guest)
    said = (folder / "console.log").read_text(errors="replace")
    sys.stdout.write(said)
    sys.stdout.flush()
    if hung:
        return None
    if not code_file.exists():
        what = "The User-Mode Linux kernel"
        how = ending(guest.returncode, said, what=what, began=booted.exists())
        if booted.exists():
            print(how, file=sys.stderr)
            return None
        raise UnavailableError(
            how,
            hint="It needs ptrace and /dev/shm with a gigabyte; containers often forbid that.",
        )
    return int(code_file.read_text())


def _end(guest: "subprocess.Popen[bytes]") -> None:
    """End the guest with the processes that it runs its own on: they are a group."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(guest.pid, signal.SIGKILL)
    guest.wait()
