"""The hub that serves the page."""
