"""The wearable that is not there: a body, a sensor on it, a device that speaks bytes."""
