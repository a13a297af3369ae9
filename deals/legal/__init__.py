"""Texts that bind: the confidentiality agreement and the contract, and how they become PDF."""
