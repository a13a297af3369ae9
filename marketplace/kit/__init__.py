"""What every room uses: lifecycle, errors, read-only requests, language, htmx, pagination, validation, money.

No models, and never a `utils.py`. The kit imports no room but `audit`.
"""
