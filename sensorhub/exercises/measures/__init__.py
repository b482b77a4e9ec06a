"""What is measured beside the count: one table of definitions, and the functions that compute them.

All of it is computed once, when a set is judged, from the ticks that the judgement used: nothing
here runs while the person moves, and nothing more is kept than the ticks themselves.
"""
