"""The packets of the Open Motion Protocol (``docs/protocol.md``): bytes to values and back."""
