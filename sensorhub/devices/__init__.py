"""A module or room a device family: how it is recognised, its bytes to typed events, its quirks."""
