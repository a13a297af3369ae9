"""Letters that a mail server refuses: what the log may say of it."""

from smtplib import SMTPException, SMTPRecipientsRefused, SMTPResponseException

#: What a mail server that refuses, or that is away, raises.
REFUSALS = (SMTPException, OSError)


class LetterRefused(Exception):
    """A letter did not leave: by kind and code, without the address. Raise it `from None`."""


def refusal(error: Exception) -> str:
    """Say what went wrong with a letter by kind and code: the words of a mail server repeat the address."""
    codes: list[int] = []
    if isinstance(error, SMTPRecipientsRefused):
        codes = [code for code, _words in error.recipients.values()]
    elif isinstance(error, SMTPResponseException):
        codes = [error.smtp_code]
    return " ".join([type(error).__name__, *(str(code) for code in codes)])
