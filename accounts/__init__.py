"""People, organisations, exchanges, memberships with roles, and verification of organisations."""
