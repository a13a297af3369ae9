"""The servers that the project brings along: PostgreSQL and Valkey from Python packages, and the demo on them.

Nothing here imports Django, so that the engines can run before settings are read. See docs/adr/0002.
"""
