"""What the known tools would have said: their definitions, written anew, to carry figures over from them.

They are here for comparison. Why they are not what a verdict rests on: docs/statistics.md.
"""
