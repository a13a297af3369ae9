"""Valuation methods: numbers in, numbers out.

One file per method; nothing here knows Django, a database, or a default of its own. Money is in one currency
throughout, rates and shares are fractions 0-1, times are years from the valuation date. Wrong inputs raise
`types.InvalidInputError`, a rate on the wrong base `types.BaseMismatchError`; both are `types.MethodError`.
`suggest.suggest_range` is the entry for the room.
"""
