"""One module a device family: how it is recognised, its bytes to typed events, its quirks."""
