"""Words into sound: the same on the hub's speaker and in a browser, made ahead of time."""
