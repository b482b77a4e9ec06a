"""What a segment did in a set, as a way: ticks, turning points, cycles, their edges."""
