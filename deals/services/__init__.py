"""Writes of the room, split by noun. What follows the signature lies in `tracking`."""
