"""Forms of the room, split by noun."""
