"""``sensorhub doctor``: what sensors need of this computer, looked at row by row."""
