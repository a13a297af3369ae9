"""A published technology as schema.org data, for search engines: public facts only."""

from typing import Any

from django.http import HttpRequest
from django.utils.translation import gettext as _

from listings.choices import Right
from listings.models import Technology
from listings.presenters import labels


def of_technology(request: HttpRequest, listing: Technology) -> dict[str, Any] | None:
    """Give a schema.org Product with its offer; None for what is not published or of an organisation that is not verified
    now, and for samples, which offer nothing.
    """
    if not listing.is_published or listing.is_sample or not listing.organisation.is_verified:
        return None
    organisation = listing.organisation
    offer: dict[str, Any] = {
        "@type": "Offer",
        "seller": {"@type": "Organization", "name": str(organisation)},
        "description": ", ".join(labels(listing.rights_offered, Right)),
    }
    if organisation.website:
        offer["seller"]["url"] = organisation.website
    if listing.price_min is not None or listing.price_max is not None:
        price = {"@type": "PriceSpecification", "priceCurrency": "VND"}
        bounds = {"minPrice": listing.price_min, "maxPrice": listing.price_max}
        offer["priceSpecification"] = price | {name: int(value) for name, value in bounds.items() if value is not None}
    data: dict[str, Any] = {
        "@context": "https://schema.org",
        "@type": "Product",
        "@id": request.build_absolute_uri(listing.get_absolute_url()),
        "name": listing.title,
        "description": listing.summary or listing.problem,
        "category": [str(field) for field in listing.fields.all()],
        "keywords": listing.keywords,
        "offers": offer,
    }
    if listing.trl:
        data["additionalProperty"] = {
            "@type": "PropertyValue",
            "propertyID": "TRL",
            "name": _("Technology readiness level"),
            "value": listing.trl,
        }
    return {name: value for name, value in data.items() if value}
