"""The samples of data/samples/ brought in through the same services that people use, up to the stage each names.

Only the demo loads them. Everything made here is marked as a sample.
"""
