"""Valuation firms, commissions at each stage, and certificates, reached by the services themselves."""

import datetime
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone

from accounts.models import Organisation, Role, User
from listings.models import Technology
from tests.factories.accounts import OrganisationFactory, person, seat
from tests.factories.listings import TechnologyFactory
from valuation.lifecycle import AppraisalState
from valuation.models import Appraisal, Certificate
from valuation.services import appraisals


def _page_pdf() -> bytes:
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 200 200] >>",
    ]
    out, places = b"%PDF-1.7\n", []
    for number, body in enumerate(objects, 1):
        places.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    start = len(out)
    out += b"xref\n0 4\n0000000000 65535 f \n" + table
    return out + b"trailer\n<< /Size 4 /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % start


PAGE = _page_pdf()  # a PDF of one empty page that readers open


@dataclass
class Commission:
    """A commission with its people: `officer` and `colleague` of the owner, `appraiser` and `clerk` of the firm,
    `operator`, `stranger` (no seat), `rival` (appraiser of another firm)."""

    technology: Technology
    firm: Organisation
    people: dict[str, User]
    appraisal: Any = None

    def stored(self) -> Appraisal:
        """Give the commission as stored."""
        return Appraisal.objects.select_related("technology__organisation", "firm", "client", "counterparty").get(
            pk=self.appraisal.pk
        )


def firm_of(technology: Technology) -> Organisation:
    """Make a verified valuation firm with an appraiser."""
    firm = OrganisationFactory(valuation_firm=True, exchange=technology.exchange)
    person(Role.APPRAISER, firm)
    return firm


def pdf_upload(content: bytes = PAGE, name: str = "chung-thu.pdf") -> SimpleUploadedFile:
    """Give an upload of a certificate."""
    return SimpleUploadedFile(name, content, content_type="application/pdf")


def certificate_values(**changes: Any) -> dict[str, Any]:
    """Give what a firm states with its certificate, issued today for three months."""
    today = timezone.localdate()
    return {
        "number": "CT-01/2026", "issued_on": today, "valued_on": today,
        "valid_until": today + datetime.timedelta(days=90), "value": Decimal(1_200_000_000), "currency": "VND",
        "basis": "market", "appraiser_name": "Thẩm Định Viên Mẫu", "appraiser_licence": "XIII.0001", **changes,
    }  # fmt: skip


def commission(
    state: str = AppraisalState.REQUESTED, *, technology: Technology | None = None, **asked: Any
) -> Commission:
    """Make a commission of the owner in `state`; `asked`: purpose, right, term, other side, deal."""
    technology = technology or TechnologyFactory(published=True, state_funding_pct=None)
    owner, firm = technology.organisation, firm_of(technology)
    other_firm = OrganisationFactory(valuation_firm=True, exchange=technology.exchange)
    people = {
        "officer": person(Role.TTO_OFFICER, owner),
        "colleague": person(Role.RESEARCHER, owner),
        "appraiser": person(Role.APPRAISER, firm),
        "clerk": person(Role.REPRESENTATIVE, firm),
        "operator": person(Role.OPERATOR, exchange=technology.exchange),
        "stranger": person(),
        "rival": person(Role.APPRAISER, other_firm),
    }
    made = Commission(technology, firm, people)
    made.appraisal = appraisals.commission_appraisal(
        technology=technology, firm=firm, client=owner, actor=people["officer"], brief="Quyền sử dụng độc quyền 5 năm.",
        **asked,
    )  # fmt: skip
    if state in {AppraisalState.ACCEPTED, AppraisalState.CERTIFIED}:
        appraisals.accept_appraisal(appraisal=made.appraisal, actor=people["appraiser"], is_independent=True)
    if state == AppraisalState.CERTIFIED:
        appraisals.certify_appraisal(
            appraisal=made.appraisal, actor=people["appraiser"], upload=pdf_upload(), **certificate_values()
        )
    return made


def certified(
    technology: Technology,
    *,
    purpose: str = Appraisal.Purpose.STATE,
    asked: dict[str, Any] | None = None,
    **values: Any,
) -> Certificate:
    """Give a certificate for a technology, commissioned by its owner for `purpose` with what else is `asked`."""
    made = commission(AppraisalState.ACCEPTED, technology=technology, purpose=purpose, **(asked or {}))
    return appraisals.certify_appraisal(
        appraisal=made.appraisal, actor=made.people["appraiser"], upload=pdf_upload(), **certificate_values(**values)
    )


def interested(firm: Organisation, organisation: Organisation) -> User:
    """Give the firm a person who also sits with a party."""
    user = person(Role.APPRAISER, firm)
    seat(user, Role.REPRESENTATIVE, organisation=organisation)
    return user
