"""Open, close, write, read bytes with an arrival stamp. Knows no packet."""
