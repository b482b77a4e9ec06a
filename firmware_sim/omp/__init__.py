"""The device side of the Open Motion Protocol 1.0, written from its specification alone."""
