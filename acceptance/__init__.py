"""The most real runs without hardware: a real kernel, a real bluetoothd, a real serial driver.

``python -m acceptance`` boots small virtual machines on this computer's own file system and runs
the tests in ``guest/`` inside. It needs root and Debian's packages, but no KVM.
"""
