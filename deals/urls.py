"""Addresses of the room: pages, and the part of the API."""

from django.urls import URLPattern, URLResolver, path

from deals import tracking_urls
from deals.api import appraisals as appraisals_api
from deals.api import contracts as contracts_api
from deals.api import deals as api
from deals.api import disputes as disputes_api
from deals.views import appraisals, contract, deal, disputes, lists, offers

app_name = "deals"
urlpatterns: list[URLPattern | URLResolver] = [
    path("my/deals/", lists.deal_list, name="deal_list"),
    path("operator/deals/", lists.board, name="board"),
    path("deals/open/", deal.open_enquiry, name="open"),
    path("deals/<int:pk>/", deal.deal, name="deal"),
    path("deals/<int:pk>/accept/", deal.accept_enquiry, name="accept_enquiry"),
    path("deals/<int:pk>/decline/", deal.decline_enquiry, name="decline_enquiry"),
    path("deals/<int:pk>/break-off/", deal.break_off, name="break_off"),
    path("deals/<int:pk>/terminate/", deal.terminate, name="terminate"),
    path("deals/<int:pk>/messages/", deal.post_message, name="post_message"),
    path("operator/disputes/", disputes.dispute_list, name="dispute_list"),
    path("deals/<int:pk>/disputes/", disputes.disputes, name="disputes"),
    path("deals/<int:pk>/disputes/open/", disputes.open_dispute, name="open_dispute"),
    path("deals/<int:pk>/disputes/take-up/", disputes.take_up_dispute, name="take_up_dispute"),
    path("deals/<int:pk>/disputes/close/", disputes.close_dispute, name="close_dispute"),
    path("deals/<int:pk>/disputes/withdraw/", disputes.withdraw_dispute, name="withdraw_dispute"),
    path("deals/<int:pk>/nda/", deal.nda, name="nda"),
    path("deals/<int:pk>/nda/accept/", deal.accept_nda, name="accept_nda"),
    path("deals/<int:pk>/nda/pdf/", contract.nda_pdf, name="nda_pdf"),
    path("deals/<int:pk>/offers/make/", offers.make_offer, name="make_offer"),
    path("deals/<int:pk>/offers/<int:number>/accept/", offers.accept_offer, name="accept_offer"),
    path("deals/<int:pk>/offers/<int:number>/withdraw/", offers.withdraw_offer, name="withdraw_offer"),
    path("deals/<int:pk>/contract/", contract.contract, name="contract"),
    path("deals/<int:pk>/contract/party/", contract.save_party, name="save_party"),
    path("deals/<int:pk>/contract/generate/", contract.generate_contract, name="generate_contract"),
    path("deals/<int:pk>/contract/accept/", contract.accept_contract, name="accept_contract"),
    path("deals/<int:pk>/contract/reopen/", contract.reopen_terms, name="reopen_terms"),
    path("deals/<int:pk>/contract/<int:version>/pdf/", contract.contract_pdf, name="contract_pdf"),
    path("deals/<int:pk>/appraisal/", appraisals.appraisal, name="appraisal"),
    path("deals/<int:pk>/signature/", contract.signature, name="signature"),
    path("deals/<int:pk>/signature/upload/", contract.upload_signed_copy, name="upload_signed_copy"),
    path("deals/<int:pk>/signature/confirm/", contract.confirm_signed_copy, name="confirm_signed_copy"),
    path("deals/<int:pk>/signature/refuse/", contract.refuse_signed_copy, name="refuse_signed_copy"),
    path("deals/<int:pk>/signature/<int:copy>/pdf/", contract.signed_copy_pdf, name="signed_copy_pdf"),
    path("deals/<int:pk>/registration/", contract.registration, name="registration"),
    path("deals/<int:pk>/registration/permit/", contract.record_permit, name="record_permit"),
    path("deals/<int:pk>/registration/record/", contract.record_registration, name="record_registration"),
    *tracking_urls.urlpatterns,
]
api_urlpatterns: list[URLPattern | URLResolver] = [
    path("deals/", api.Deals.as_view(), name="deals"),
    path("deals/<int:pk>/", api.DealDetail.as_view(), name="deal"),
    path("deals/<int:pk>/accept/", api.AcceptEnquiry.as_view(), name="deal_accept"),
    path("deals/<int:pk>/decline/", api.DeclineEnquiry.as_view(), name="deal_decline"),
    path("deals/<int:pk>/break-off/", api.BreakOff.as_view(), name="deal_break_off"),
    path("deals/<int:pk>/terminate/", api.Terminate.as_view(), name="deal_terminate"),
    path("deals/<int:pk>/messages/", api.Messages.as_view(), name="deal_messages"),
    path("disputes/", disputes_api.AllDisputes.as_view(), name="disputes"),
    path("deals/<int:pk>/disputes/", disputes_api.DealDisputes.as_view(), name="deal_disputes"),
    path("deals/<int:pk>/disputes/take-up/", disputes_api.TakeUpDispute.as_view(), name="deal_dispute_take_up"),
    path("deals/<int:pk>/disputes/close/", disputes_api.CloseDispute.as_view(), name="deal_dispute_close"),
    path("deals/<int:pk>/disputes/withdraw/", disputes_api.WithdrawDispute.as_view(), name="deal_dispute_withdraw"),
    path("deals/<int:pk>/nda/", api.ConfidentialityAgreement.as_view(), name="deal_nda"),
    path("deals/<int:pk>/nda/accept/", api.AcceptNDA.as_view(), name="deal_nda_accept"),
    path("deals/<int:pk>/nda/pdf/", api.ConfidentialityAgreementPdf.as_view(), name="deal_nda_pdf"),
    path("deals/<int:pk>/offers/", api.Offers.as_view(), name="deal_offers"),
    path("deals/<int:pk>/offers/<int:number>/counter/", api.CounterOffer.as_view(), name="deal_offer_counter"),
    path("deals/<int:pk>/offers/<int:number>/accept/", api.AcceptOffer.as_view(), name="deal_offer_accept"),
    path("deals/<int:pk>/offers/<int:number>/withdraw/", api.WithdrawOffer.as_view(), name="deal_offer_withdraw"),
    path("deals/<int:pk>/parties/", contracts_api.Parties.as_view(), name="deal_parties"),
    path("deals/<int:pk>/contract/", contracts_api.StandingContract.as_view(), name="deal_contract"),
    path("deals/<int:pk>/contract/generate/", contracts_api.GenerateContract.as_view(), name="deal_contract_generate"),
    path("deals/<int:pk>/contract/accept/", contracts_api.AcceptContract.as_view(), name="deal_contract_accept"),
    path("deals/<int:pk>/contract/reopen/", api.Reopen.as_view(), name="deal_contract_reopen"),
    path("deals/<int:pk>/contract/<int:version>/pdf/", contracts_api.ContractPdf.as_view(), name="deal_contract_pdf"),
    path("deals/<int:pk>/appraisals/", appraisals_api.DealAppraisals.as_view(), name="deal_appraisals"),
    path("deals/<int:pk>/signed-copy/", contracts_api.SignedCopies.as_view(), name="deal_signed_copy"),
    path(
        "deals/<int:pk>/signed-copy/confirm/",
        contracts_api.ConfirmSignedCopy.as_view(),
        name="deal_signed_copy_confirm",
    ),
    path(
        "deals/<int:pk>/signed-copy/refuse/", contracts_api.RefuseSignedCopy.as_view(), name="deal_signed_copy_refuse"
    ),
    path(
        "deals/<int:pk>/signed-copy/<int:copy>/pdf/", contracts_api.SignedCopyPdf.as_view(), name="deal_signed_copy_pdf"
    ),
    path("deals/<int:pk>/permit/", contracts_api.Permits.as_view(), name="deal_permit"),
    path("deals/<int:pk>/registrations/", contracts_api.Registrations.as_view(), name="deal_registrations"),
    *tracking_urls.api_urlpatterns,
]
