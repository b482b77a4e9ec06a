"""Does what the sensors say hang together? Small pure checks over a whole set, each for one doubt.

They run once, when a set is judged, and say what they found as quality flags. Each looks for
evidence that only its own fault leaves: a false alarm costs a person's trust in the true ones.
"""
