"""Frozen values, units and errors. Imports nothing of this project."""
