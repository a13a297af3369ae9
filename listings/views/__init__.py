"""Pages of the room, split by verb: drafting, rights, documents, acting, review, mine, public."""
