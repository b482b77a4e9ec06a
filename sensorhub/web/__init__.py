"""The page: what a browser sees of the hub, and who may look."""
