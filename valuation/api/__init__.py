"""The room over the API, split by noun."""
