"""Documents: kept by kind and size, opened by tier, every opening of a closed one noted."""

import zipfile
from io import BytesIO

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import call_command
from django.urls import reverse
from rest_framework.test import APIClient

from audit.models import Event
from listings.models import Document
from listings.selectors import has_grant
from listings.services import add_document, destroy_document, remove_document
from marketplace.kit.errors import NotAllowed
from marketplace.kit.files import filename_of
from tests.factories.accounts import person
from tests.factories.listings import PDF, DisclosureGrantFactory, DocumentFactory, TechnologyFactory

pytestmark = pytest.mark.django_db


def address(document):
    return reverse("listings:document", args=[document.pk])


def upload(client, technology, content, *, name="bao-cao.pdf", **data):
    data = {"title": "Báo cáo", "tier": "nda", **data, "file": SimpleUploadedFile(name, content)}
    return client.post(reverse("listings:technology_edit", args=[technology.pk, "documents"]), data)


@pytest.mark.parametrize(("basis", "opens"), [("nda:1", True), ("appraisal:1", False)])
def test_a_running_deal_keeps_what_was_opened_while_a_changed_identity_waits(basis, opens):
    grant = DisclosureGrantFactory(basis=basis)
    partner = person(role="representative", organisation=grant.organisation)
    assert has_grant(partner, grant.technology)
    type(grant.organisation).objects.filter(pk=grant.organisation_id).update(state="pending")
    assert has_grant(partner, grant.technology) is opens


VIEWERS = ["anonymous", "signed_in", "partner", "owner", "operator"]


def viewer(name, technology):
    match name:
        case "signed_in":
            return person()
        case "partner":
            grant = DisclosureGrantFactory(technology=technology)
            return person(role="representative", organisation=grant.organisation)
        case "owner":
            return person(role="signatory", organisation=technology.organisation)
        case "operator":
            return person(role="operator", exchange=technology.exchange)
    return None


@pytest.mark.parametrize(("tier", "state", "opens"), [
    ("public", "published", VIEWERS),
    ("registered", "published", ["signed_in", "partner", "owner", "operator"]),
    ("nda", "published", ["partner", "owner", "operator"]),
    ("public", "in_review", ["partner", "owner", "operator"]),
    ("nda", "in_review", ["partner", "owner", "operator"]),
    ("nda", "draft", ["partner", "owner"]),
    ("public", "awaiting_owner", ["partner", "owner"]),
    ("nda", "returned", ["partner", "owner"]),
])  # fmt: skip
@pytest.mark.parametrize("who", VIEWERS)
def test_document_opens_by_tier(client, tier, state, opens, who):
    states = {"draft": {}, "returned": {"changes_requested": True}}
    document = DocumentFactory(technology=TechnologyFactory(**states.get(state, {state: True})), tier=tier)
    user = viewer(who, document.technology)
    api = APIClient()
    if user is not None:
        client.force_login(user)
        api.force_authenticate(user)
    response = client.get(address(document))
    assert response.status_code == (200 if who in opens else 404)
    assert api.get(reverse("api:document_content", args=[document.pk])).status_code == response.status_code
    noted = Event.objects.filter(tag="document.open", subject_id=document.pk).count()
    assert noted == (2 if who in opens and tier != "public" else 0)


def test_document_is_sent_as_an_attachment_with_its_stored_type(client):
    document = DocumentFactory(tier="public", filename='báo "cáo"\r\nX.pdf')
    response = client.get(address(document))
    assert b"".join(response.streaming_content) == PDF
    assert response["Content-Type"] == "application/pdf"
    assert response["X-Content-Type-Options"] == "nosniff"
    assert response["Content-Disposition"].startswith("attachment;")
    assert "\n" not in response["Content-Disposition"]


def test_removed_or_lost_document_is_not_found(client):
    document = DocumentFactory(tier="public")
    document.file.storage.delete(document.file.name)
    assert client.get(address(document)).status_code == 404
    client.force_login(document.technology.author)
    technology = document.technology
    assert client.post(reverse("listings:document_remove", args=[document.pk])).status_code == 302
    assert client.post(reverse("listings:document_remove", args=[document.pk])).status_code == 404
    assert Event.objects.filter(tag="technology.remove_document", subject_id=technology.pk).count() == 1


def docx():
    file = BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("[Content_Types].xml", "<Types/>")
        archive.writestr("word/document.xml", "<document/>")
    return file.getvalue()


def test_upload_is_kept_once_however_often_it_is_sent(client):
    technology = TechnologyFactory()
    client.force_login(technology.author)
    for _ in range(2):
        assert upload(client, technology, PDF).status_code == 302
    document = Document.objects.get()
    assert (document.media_type, document.size, document.filename) == ("application/pdf", len(PDF), "bao-cao.pdf")
    assert client.get(reverse("listings:technology_edit", args=[technology.pk, "documents"])).status_code == 200
    assert upload(client, technology, docx(), name="x.pdf", title="Văn bản").status_code == 302
    assert Document.objects.get(title="Văn bản").media_type.endswith("wordprocessingml.document")


@pytest.mark.parametrize("content", [
    b"", b"MZ\x90\x00" + b"\0" * 64, b"<html><script>alert(1)</script></html>", b"<svg onload='x'/>", b"PK\x03\x04" + b"\0" * 99,
    "chỉ là chữ".encode(),
])  # fmt: skip
def test_upload_of_a_wrong_kind_is_refused_and_its_title_kept(client, content):
    technology = TechnologyFactory()
    client.force_login(technology.author)
    response = upload(client, technology, content, title="Tên đã gõ", name="gia.pdf")
    assert list(response.context["form"].errors) == ["file"]
    assert "Tên đã gõ" in response.content.decode()
    assert Document.objects.count() == 0
    api = APIClient()
    api.force_authenticate(technology.author)
    data = {"title": "Tên", "tier": "nda", "file": SimpleUploadedFile("gia.pdf", content)}
    response = api.post(reverse("api:technology_documents", args=[technology.pk]), data, format="multipart")
    assert (response.status_code, list(response.data)) == (400, ["file"])


def test_upload_of_200_mb_is_thrown_away_while_it_comes(client, tmp_path):
    technology = TechnologyFactory()
    client.force_login(technology.author)
    big = tmp_path / "lon.pdf"
    with big.open("wb") as file:
        file.write(PDF)
        file.truncate(200 * 2**20)
    path = reverse("listings:technology_edit", args=[technology.pk, "documents"])
    head = (
        b'--x\r\nContent-Disposition: form-data; name="title"\r\n\r\n'
        + "Tên đã gõ".encode()
        + b'\r\n--x\r\nContent-Disposition: form-data; name="tier"\r\n\r\npublic\r\n'
        b'--x\r\nContent-Disposition: form-data; name="file"; filename="lon.pdf"\r\n\r\n'
    )
    body = Stream(head, big, b"\r\n--x--\r\n")
    response = client.request(
        **{
            "PATH_INFO": path, "REQUEST_METHOD": "POST", "CONTENT_TYPE": "multipart/form-data; boundary=x",
            "CONTENT_LENGTH": str(body.size), "wsgi.input": body,
        }
    )  # fmt: skip
    assert list(response.context["form"].errors) == ["file"]
    assert "Tên đã gõ" in response.content.decode()
    assert body.largest <= 2**20
    assert Document.objects.count() == 0


class Stream:
    """A body that is read piece by piece; `largest` is the largest piece asked for."""

    def __init__(self, head, path, tail):
        self.parts = [BytesIO(head), path.open("rb"), BytesIO(tail)]
        self.size = len(head) + path.stat().st_size + len(tail)
        self.largest = 0

    def readline(self, size=-1):
        raise NotImplementedError

    def read(self, size=-1):
        assert size >= 0
        self.largest = max(self.largest, size)
        data = b""
        while self.parts and len(data) < size:
            piece = self.parts[0].read(size - len(data))
            if not piece:
                self.parts.pop(0).close()
            data += piece
        return data


def test_upload_just_over_the_limit_is_refused(client, settings):
    settings.UPLOAD_MAX_BYTES = 1000
    technology = TechnologyFactory()
    client.force_login(technology.author)
    response = upload(client, technology, PDF + b"\0" * 1000)
    assert list(response.context["form"].errors) == ["file"]
    assert Document.objects.count() == 0


def test_open_document_is_added_to_a_draft_only(client):
    technology = TechnologyFactory(published=True)
    client.force_login(technology.author)
    assert upload(client, technology, PDF, tier="public").status_code == 409
    assert upload(client, technology, PDF, tier="nda").status_code == 302
    assert [d.tier for d in technology.documents.all()] == ["nda"]


@pytest.mark.parametrize(("sent", "handed_on"), [
    ("bao-gia.hta", "bao-gia.pdf"), ("gia.pdf.exe", "gia.pdf.pdf"), ("Báo cáo v1.2", "Báo cáo v1.2.pdf"), (".hta", "file.pdf"),
    ("a\u202efdp.exe", "afdp.pdf"), ("C:\\x\\tin mật?.docx", "tin mật.pdf"), ("x" * 300 + ".pdf", "x" * 196 + ".pdf"),
])  # fmt: skip
def test_file_is_handed_on_with_the_ending_of_what_it_is(sent, handed_on):
    assert filename_of(sent, "application/pdf") == handed_on


def test_ending_is_that_of_the_content_also_of_files_kept_before(client):
    technology = TechnologyFactory()
    client.force_login(technology.author)
    upload(client, technology, PDF + b"\n<script>new ActiveXObject('x')</script>", name="bao-gia.hta")
    document = Document.objects.get()
    assert document.filename == "bao-gia.pdf"
    Document.objects.update(filename="bao-gia.hta")
    assert 'filename="bao-gia.pdf"' in client.get(address(document))["Content-Disposition"]


def files(document):
    return document.file.storage.exists(document.file.name)


def test_nothing_stays_of_an_upload_that_fails_late(monkeypatch):
    technology = TechnologyFactory()
    kept = []
    monkeypatch.setattr(
        "listings.services.documents._count_change", lambda _: kept.append(Document.objects.get()) or 1 / 0
    )
    with pytest.raises(ZeroDivisionError):
        add_document(
            technology=technology,
            actor=technology.author,
            title="x",
            tier="nda",
            upload=SimpleUploadedFile("a.pdf", PDF),
        )
    assert (Document.objects.count(), files(kept[0])) == (0, False)


@pytest.mark.parametrize("door", ["page", "api"])
def test_removed_file_is_destroyed_with_a_reason_and_its_hash_stays(client, django_capture_on_commit_callbacks, door):
    document = DocumentFactory()
    technology = document.technology
    client.force_login(technology.author)
    step = reverse("listings:technology_edit", args=[technology.pk, "documents"])
    address = reverse("listings:document_destroy" if door == "page" else "api:document_destroy", args=[document.pk])
    assert client.post(address, {"reason": "Tải nhầm hộ chiếu"}).status_code == 404  # it stands
    client.post(reverse("listings:document_remove", args=[document.pk]))
    assert files(document)
    assert reverse("listings:document_destroy", args=[document.pk]) in client.get(step).content.decode()
    refused = client.post(address, {"reason": " "})
    assert (refused.status_code, files(document)) == (400, True)
    with django_capture_on_commit_callbacks(execute=True):
        assert client.post(address, {"reason": "Tải nhầm hộ chiếu"}).status_code in {302, 204}
    assert not files(document)
    stored = Document.objects.get()
    assert (stored.sha256, stored.filename, stored.destroyed_at is not None) == (document.sha256, "", True)
    event = Event.objects.get(tag="technology.destroy_document")
    assert event.data == {"document": stored.pk, "sha256": stored.sha256, "reason": "Tải nhầm hộ chiếu"}
    assert "document_destroy" not in client.get(step).content.decode()


def test_what_others_could_open_is_destroyed_by_the_exchange_alone(client, django_capture_on_commit_callbacks):
    document = DocumentFactory(technology=TechnologyFactory(published=True))
    technology = document.technology
    DisclosureGrantFactory(technology=technology)
    operator = person(role="operator", exchange=technology.exchange)
    remove_document(document=document, actor=technology.author)
    for who in (technology.author, person(role="operator")):
        with pytest.raises(NotAllowed):
            destroy_document(document=document, actor=who, reason="x")
    assert files(document)
    with django_capture_on_commit_callbacks(execute=True):
        call_command("destroy_document", str(document.pk), "--as", operator.email, "--reason", "Bí mật của bên thứ ba")
    assert not files(document)
    assert Event.objects.get(tag="technology.destroy_document").actor == operator
