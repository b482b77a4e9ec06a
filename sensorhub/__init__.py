"""sensorhub: counts a hip patient's home exercises and keeps an honest log of them."""

__version__ = "0.1.0"
