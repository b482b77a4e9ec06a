"""The Open Motion Protocol 1.0, host side: packets as values, bytes to packets and back."""
