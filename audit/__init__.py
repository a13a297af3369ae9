"""The append-only log. Ground floor: imports no other room.

`services.record` writes an Event in the caller's transaction; the events of one subject form a hash chain.
`tasks.seal_events` binds all finished events together in a chain of seals, so that a removed tail shows too.
"""
