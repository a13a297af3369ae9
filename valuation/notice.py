"""What a suggested range is and is not, in the words that stand beside each of them."""

from django.utils.translation import gettext as _


def notice() -> str:
    """Give the legal notice in the reader's language."""
    return _(
        "A suggested range is computed from the inputs shown and serves negotiation only. It is not an appraisal under "
        "the Law on Prices, and no certificate. The price is what the two sides agree; where state capital or related "
        "parties are involved, the law asks for a certificate of a licensed appraiser or an audit of the price."
    )


def trial_notice() -> str:
    """Give the notice for what is only tried out, in the reader's language."""
    return _(
        "What you try out here shows what the range would be with the figures that you set. It is not the suggested range "
        "itself, not an appraisal under the Law on Prices, and no certificate."
    )
