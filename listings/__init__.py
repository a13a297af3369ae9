"""Supply and demand: technologies, IP rights, demands, documents and disclosure, review, freshness."""
