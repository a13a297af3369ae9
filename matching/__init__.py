"""Which supply answers which demand: ranking, facts, explanation, and what both sides say to it.

Level-triggered: a `Run` notes for which content of a listing the other side was searched. What was published and has
no run for its content is found by the sweep, so a lost message costs minutes, never a match.
"""
