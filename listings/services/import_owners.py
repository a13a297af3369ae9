"""Whose a record is: the organisation of the exchange that it names, or a new one."""

from collections import defaultdict
from collections.abc import Mapping
from typing import Any

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from accounts.countries import HOME, find_country
from accounts.lifecycle import VerificationState
from accounts.models import Exchange, Organisation, Province
from accounts.services import imported_organisation
from listings.importer.mapping import Record
from listings.importer.problems import Problem, RecordRefusedError, problems_of
from listings.importer.texts import cut
from search.text import fold

Name = tuple[str, str]  # country, folded name


class Owners:
    """The organisations that records may be of, read once for a batch.

    A record is of whoever is verified with its tax code, else of whoever is verified under its name in its country,
    unless their tax codes differ. What anybody only claims takes no record and holds none up; what the exchange has to
    decide about, or has taken back, is decided first.
    """

    def __init__(self, exchange: Exchange, provinces: Mapping[str, Province]) -> None:
        self.exchange = exchange
        self.provinces = provinces
        self.by_code: dict[Name, Organisation] = {}
        self.by_name: dict[Name, list[Organisation]] = defaultdict(list)
        self.undecided: dict[Name, list[Organisation]] = defaultdict(list)
        verified = Organisation.objects.verified()
        columns = ("name_vi", "name_en", "country", "tax_code", "state", "exchange", "verification_note")
        for one in verified.exclude(tax_code="").only(*columns).order_by("pk"):
            self.by_code[one.country, one.tax_code] = one
        for one in Organisation.objects.filter(exchange=exchange, is_sample=False).only(*columns).order_by("pk"):
            if one.is_verified:
                self._name(one, self.by_name)
            elif one.state == VerificationState.PENDING or (
                one.state == VerificationState.UNVERIFIED and one.verification_note  # it was taken back
            ):
                self._name(one, self.undecided)
                if one.tax_code:
                    self.undecided[one.country, f"#{one.tax_code}"].append(one)

    def named(self, one: Record) -> Organisation:
        """Give the organisation that a record names, perhaps a new one, unsaved. Raises RecordRefusedError."""
        details = one.organisation
        country, code = self._country(details.get("country", "")), details.get("tax_code", "")
        if code and (found := self.by_code.get((country, code))):
            return found
        name = cut(details.get("name", ""), 250)
        if not name:
            raise RecordRefusedError(Problem.of("organisation", _("The record names no organisation.")))
        key = (country, fold(name))
        known = [found for found in self.by_name[key] if _may_be(found, code)]
        if len(known) == 1:
            return known[0]
        if known:
            message = _("Several organisations of this name are verified: give the tax code.")
            raise RecordRefusedError(Problem.of("organisation", message, name))
        waiting = [found for found in self.undecided[key] if _may_be(found, code)]
        if code:
            waiting += self.undecided[country, f"#{code}"]
        if waiting:
            message = _(
                "%(organisation)s (id %(id)d) bears this name or tax code and is not verified. Verify or refuse it first."
            )
            words = message % {"organisation": waiting[0], "id": waiting[0].pk}
            raise RecordRefusedError(Problem.of("organisation", words, name))
        return self._new(name, country, details)

    def _country(self, name: str) -> str:
        country = find_country(name) if name else HOME
        if country is None:
            raise RecordRefusedError(Problem.of("organisation.country", _("There is no such country."), name))
        return country

    def province(self, name: Any) -> Province | None:
        """Give the province of that code or name; None for no name. Raises RecordRefusedError."""
        if not name:
            return None
        province = self.provinces.get(fold(str(name)))
        if province is None:
            raise RecordRefusedError(Problem.of("province", _("There is no such province."), name))
        return province

    def _new(self, name: str, country: str, details: dict[str, str]) -> Organisation:
        more: dict[str, Any] = {key: details[key] for key in ("name_en", "tax_code", "website") if details.get(key)}
        more["country"] = country
        if details.get("province"):
            more["province"] = self.province(details["province"])
        try:
            made = imported_organisation(
                name=name, kind=details.get("kind") or Organisation.Kind.COMPANY, exchange=self.exchange, **more
            )
        except ValidationError as error:
            raise RecordRefusedError(*problems_of(error, details, "organisation.")) from error
        self._name(made, self.by_name)
        if made.tax_code:
            self.by_code[made.country, made.tax_code] = made
        return made

    @staticmethod
    def _name(organisation: Organisation, table: dict[Name, list[Organisation]]) -> None:
        for name in {fold(name) for name in (organisation.name_vi, organisation.name_en) if name}:
            table[organisation.country, name].append(organisation)


def _may_be(organisation: Organisation, code: str) -> bool:
    """Tell whether an organisation may be the one with a tax code: not where each side has one of its own."""
    return not code or not organisation.tax_code or organisation.tax_code == code
