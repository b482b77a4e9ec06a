"""One module an export: what leaves the hub."""
