"""Recordings: CSV files that nobody vouches for, read into equally spaced blocks."""
