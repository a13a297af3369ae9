"""The room over the API, split by noun: drafts, acts, documents, review."""
