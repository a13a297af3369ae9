"""Records of others become listings: reading, mapping and mending, as pure functions.

`reading` gives rows of a file, `mapping` the rules that turn a row into a `Record`, `texts` mends what real texts
hold, `keywords` tells the field of technology. `listings.services.imports` stores the records.
"""
