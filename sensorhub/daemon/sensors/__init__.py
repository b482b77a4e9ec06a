"""The sensors of this house: found, added, worn, guarded, calibrated."""
