"""``python -m sensorhub``: the same as the console script."""

from sensorhub.cli import main

if __name__ == "__main__":
    main()
