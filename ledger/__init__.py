"""Accounts and transfers, double entry. Knows people and organisations, and nothing of listings or deals."""
