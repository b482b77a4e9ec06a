"""The service forbids memory that is writable and executable: nothing the hub needs may want it."""

import ctypes
import os
import sys
from pathlib import Path

import pytest
from visits import Program

PR_SET_MDWE, PR_GET_MDWE, REFUSE_EXEC_GAIN = 65, 66, 1

# The ban outlives the start of another program, as systemd's MemoryDenyWriteExecute does.
LOCKED_UP = f"""
import ctypes, os, sys
libc = ctypes.CDLL(None, use_errno=True)
if libc.prctl({PR_SET_MDWE}, {REFUSE_EXEC_GAIN}, 0, 0, 0):
    sys.exit(os.strerror(ctypes.get_errno()))
os.execv(sys.argv[1], sys.argv[1:])
"""


def test_the_whole_way_works_in_locked_up_memory(tmp_path: Path) -> None:
    if ctypes.CDLL(None).prctl(PR_GET_MDWE, 0, 0, 0, 0) < 0:
        pytest.skip(f"the kernel {os.uname().release} cannot lock memory up (6.3 is needed)")
    demo = [sys.executable, "-m", "sensorhub", "demo", "--speed", "10", "--keep", tmp_path / "kept"]
    program = Program([sys.executable, "-c", LOCKED_UP, *demo])
    try:
        assert program.wait() == 0, program.output + program.errors
    finally:
        program.end()
    assert (tmp_path / "kept" / "csv" / "repetitions.csv").exists()
