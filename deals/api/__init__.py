"""The part of the API, split by noun."""
