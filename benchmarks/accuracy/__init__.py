"""How well everything counts: simulated people with every fault, and real recordings where present.

``python -m benchmarks.accuracy`` (``make accuracy``) writes ``docs/accuracy.md``.
"""
