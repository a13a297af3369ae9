"""Saved searches: whose they are, what is told, to whom, and that it is told once."""

import datetime
import re
from typing import Any
from urllib.parse import urlencode

import pytest
from django.core import mail
from django.test import Client
from django.utils import timezone
from django.utils.translation import override

from accounts.models import User
from listings.models import Technology
from listings.services.publication import index_listing
from matching import selectors, services
from matching.models import Digest, DigestItem, SavedSearch
from matching.services import alerts
from search import index
from tests.factories.accounts import person
from tests.factories.listings import DemandFactory, TechnologyFactory, field

pytestmark = pytest.mark.django_db
MONDAY = datetime.datetime(2030, 1, 7, 8, tzinfo=timezone.get_default_timezone())


def kept(user: User, query: str = "", *, kind: str = "technology", often: str = "at_once") -> SavedSearch:
    from django.http import QueryDict

    return services.save_search(kind=kind, query=QueryDict(query), often=often, actor=user)


def published(**values: Any) -> Technology:
    return TechnologyFactory(published=True, **{"published_at": timezone.now(), **values})


def told() -> list[str]:
    """Run what is due and give the mails' texts."""
    services.sweep_alerts()
    services.sweep_alerts()
    return [str(message.body) for message in mail.outbox]


# --- whose


def actor(who: str, search: SavedSearch) -> User | None:
    return {
        "nobody": lambda: None,
        "stranger": person,
        "wrong organisation": lambda: person(role="representative"),
        "operator": lambda: person(role="operator"),
        "right": lambda: search.user,
    }[who]()


@pytest.mark.parametrize("verb", ["change", "delete"])
@pytest.mark.parametrize("api", [False, True], ids=["page", "api"])
@pytest.mark.parametrize(
    ("who", "page_status", "api_status"),
    [("nobody", 302, 401), ("stranger", 404, 404), ("wrong organisation", 404, 404), ("operator", 404, 404), ("right", 302, 200)],
)  # fmt: skip
def test_searches_by_actor(client: Client, verb: str, api: bool, who: str, page_status: int, api_status: int) -> None:
    search = kept(person(), "trl_min=6")
    user = actor(who, search)
    if user is not None:
        client.force_login(user)
    before = list(SavedSearch.objects.values())
    if api:
        path = f"/api/v1/my/searches/{search.pk}/"
        method = client.patch if verb == "change" else client.delete
        status = method(path, {"often": "never"}, content_type="application/json").status_code
        assert status == (204 if (who, verb) == ("right", "delete") else api_status)
    else:
        status = client.post(f"/my/searches/{search.pk}/{verb}/", {"often": "never"}).status_code
        assert status == page_status
    if who != "right":
        assert list(SavedSearch.objects.values()) == before
    elif verb == "delete":
        assert not SavedSearch.objects.exists()
    else:
        assert SavedSearch.objects.get().often == "never"


@pytest.mark.parametrize("api", [False, True], ids=["page", "api"])
def test_anyone_signed_in_keeps_a_search_once(client: Client, api: bool) -> None:
    path = "/api/v1/my/searches/" if api else "/my/searches/save/"
    values = {"kind": "technology", "query": "trl_min=6&q=lọc asen&sort=trl&page=3&province=99", "often": "weekly"}
    sent = {"data": values, **({"content_type": "application/json"} if api else {})}
    assert client.post(path, **sent).status_code == (401 if api else 302)
    assert SavedSearch.objects.count() == 0
    user = person()
    client.force_login(user)
    for _ in range(2):
        assert client.post(path, **sent).status_code == (201 if api else 302)
    search = SavedSearch.objects.get()
    assert search.user == user
    assert search.query == "q=l%E1%BB%8Dc+asen&trl_min=6"
    assert search.name.startswith("lọc asen · ")
    assert client.get(search.get_absolute_url()).status_code == 200
    assert search.name in client.get("/en/my/searches/").content.decode()


def test_a_person_keeps_so_many_searches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(alerts, "MOST", 1)
    user = person()
    kept(user)
    kept(user)
    with pytest.raises(services.alerts.Conflict):
        kept(user, "trl_min=6")


def test_saved_searches_take_constant_queries(client: Client, django_assert_num_queries: Any) -> None:
    user = person()
    client.force_login(user)
    for count in (1, 3):
        kept(user, f"trl_min={count}")
        kept(user, f"trl_max={count}")
        with django_assert_num_queries(5):
            assert client.get("/my/searches/").status_code == 200


# --- what is told


def test_new_finds_are_told_once_in_the_readers_language() -> None:
    reader = person(language="en")
    published(title="Đã có từ trước")
    search = kept(reader, "field=24")
    assert told() == []
    first = published(title="Lọc asen", fields=[field(24)])
    published(title="Sấy xoài", fields=[field(6)], main_field=field(6))
    assert len(told()) == 1
    letter = mail.outbox[0]
    assert letter.to == [reader.email]
    assert letter.subject == "1 new listing for your searches"
    assert "Lọc asen" in letter.body
    assert f"/en/technologies/{first.pk}/" in letter.body
    assert "Sấy xoài" not in letter.body
    assert "Đã có từ trước" not in letter.body
    assert search.items.count() == 1
    published(title="Bể lọc", fields=[field(24)])
    assert len(told()) == 2
    assert "Lọc asen" not in mail.outbox[1].body


def test_words_find_what_the_index_holds() -> None:
    kept(person(), "q=zeolit")
    listing = published(title="Zeolit hoạt hóa")
    assert told() == []
    index_listing(listing)
    index.catch_up()
    assert len(told()) == 1


def test_searches_of_one_person_are_told_in_one_mail() -> None:
    reader = person()
    kept(reader, "field=24")
    kept(reader, "trl_min=1")
    kept(reader, "", often="never", kind="demand")
    kept(person())
    published(title="Lọc asen", trl=7)
    assert len(told()) == 2
    assert sorted(body.count("Lọc asen") for body in told()) == [1, 2]


def test_weekly_finds_are_told_on_monday_once() -> None:
    reader = person()
    search = kept(reader, often="weekly")
    SavedSearch.objects.update(created_at=MONDAY - datetime.timedelta(days=9))
    published(published_at=MONDAY - datetime.timedelta(days=8))
    assert services.sweep_alerts(now=MONDAY) == 1
    published(published_at=MONDAY + datetime.timedelta(hours=1))
    for hours in (2, 24, 24 * 6 + 22):
        assert services.sweep_alerts(now=MONDAY + datetime.timedelta(hours=hours)) == 0
    assert services.sweep_alerts(now=MONDAY + datetime.timedelta(days=7)) == 1
    assert len(mail.outbox) == 2
    assert list(Digest.objects.values_list("period", flat=True)) == ["2030-W02", "2030-W03"]
    assert search.items.count() == 2


def test_search_that_becomes_weekly_after_the_weeks_mail_waits_and_stops_no_other() -> None:
    reader = person()
    kept(reader, "trl_max=9", often="weekly")
    late = kept(reader, "trl_min=1", often="never")
    kept(reader, "field=24", often="at_once")
    SavedSearch.objects.update(created_at=MONDAY - datetime.timedelta(days=9))
    first = published(published_at=MONDAY - datetime.timedelta(days=8), fields=[field(6)], main_field=field(6))
    assert services.sweep_alerts(now=MONDAY) == 1
    services.change_search(search=late, often="weekly", actor=reader)
    second = published(published_at=MONDAY + datetime.timedelta(hours=1), fields=[field(24)])
    assert services.sweep_alerts(now=MONDAY + datetime.timedelta(hours=2)) == 1
    assert list(DigestItem.objects.filter(search__often="at_once").values_list("technology", flat=True)) == [second.pk]
    assert not late.items.exists()
    assert services.sweep_alerts(now=MONDAY + datetime.timedelta(days=7)) == 1
    assert set(late.items.values_list("technology", flat=True)) == {first.pk, second.pk}


def test_what_was_withdrawn_meanwhile_is_not_told() -> None:
    kept(person())
    listing = published()
    alerts.write_digest(user_id=SavedSearch.objects.get().user_id, now=timezone.now())
    Technology.objects.filter(pk=listing.pk).update(state="withdrawn")
    assert told() == []


def test_a_masked_demand_keeps_its_name() -> None:
    kept(person(), kind="demand")
    demand = DemandFactory(published=True, published_at=timezone.now(), masked=True)
    assert demand.title in told()[0]
    assert demand.organisation.name_vi not in told()[0]


def test_a_mail_that_did_not_leave_is_tried_again(monkeypatch: pytest.MonkeyPatch) -> None:
    kept(person())
    published()
    send = alerts.EmailMessage.send

    def refused(self: Any, *args: Any, **kwargs: Any) -> int:
        raise OSError("the mail server is away")

    monkeypatch.setattr(alerts.EmailMessage, "send", refused)
    assert told() == []
    monkeypatch.setattr(alerts.EmailMessage, "send", send)
    assert len(told()) == 1
    assert DigestItem.objects.count() == 1


def test_a_refused_address_is_tried_with_pauses_holds_up_nobody_and_is_given_up(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    gone, here = person(), person()
    kept(gone)
    kept(here)
    published()
    send, tries = alerts.EmailMessage.send, []

    def refused(self: Any, *args: Any, **kwargs: Any) -> int:
        if gone.email in self.to:
            tries.append(self.to)
            raise OSError("no such mailbox")
        return int(send(self, *args, **kwargs))

    monkeypatch.setattr(alerts.EmailMessage, "send", refused)
    now = timezone.now()
    for _ in range(6):
        services.sweep_alerts(now=timezone.now())
    digest = Digest.objects.get(user=gone)
    assert (len(tries), digest.tried, len(mail.outbox)) == (3, 3, 1)
    later = now + datetime.timedelta(hours=7)
    assert selectors.unmailed_digest_ids(now=later, limit=1) == [digest.pk]
    assert selectors.unmailed_digest_ids(now=now + datetime.timedelta(days=8)) == []


def test_nothing_new_is_not_searched_for(monkeypatch: pytest.MonkeyPatch) -> None:
    kept(person())
    published(published_at=timezone.now() - datetime.timedelta(hours=3))
    services.sweep_alerts()
    asked: list[Any] = []
    monkeypatch.setattr(alerts, "find", lambda *args, **kwargs: asked.append(args))
    services.sweep_alerts()
    assert asked == []


def test_of_more_finds_than_one_mail_names_it_gives_the_number_and_the_next_comes_a_day_later(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """As after an import: one mail, however many are found and however often the sweep comes round."""
    monkeypatch.setattr(alerts, "TOLD", 2)
    kept(person(language="en"))
    now = timezone.now()
    SavedSearch.objects.update(created_at=now - datetime.timedelta(days=1))
    for _ in range(5):
        published(published_at=now - datetime.timedelta(minutes=5))
    assert [services.sweep_alerts() for _ in range(3)] == [1, 0, 0]
    assert (DigestItem.objects.count(), Digest.objects.get().more) == (2, {str(SavedSearch.objects.get().pk): 3})
    assert mail.outbox[0].subject == "5 new listings for your searches"
    assert "And 3 more in the list: " in str(mail.outbox[0].body)
    late = published(published_at=now + datetime.timedelta(minutes=5))
    hours = [datetime.timedelta(hours=count) for count in (1, 23, 25, 26)]
    assert [services.sweep_alerts(now=now + each) for each in hours] == [0, 0, 1, 0]
    assert DigestItem.objects.latest("pk").technology == late
    assert "more in the list" not in str(mail.outbox[1].body)


def test_a_digest_names_searches_in_the_reader_s_language() -> None:
    reader = person(language="vi")
    with override("en"):
        kept(reader, "trl_min=6")
    published(trl=7)
    assert "TRL 6 or more" not in told()[0]


def test_a_search_that_is_too_long_to_be_kept_stays_where_it_is(client: Client) -> None:
    client.force_login(person())
    query = urlencode({"q": "lọc nước nhiễm mặn " * 60})
    said = client.post("/my/searches/save/", {"kind": "technology", "often": "weekly", "query": query}, follow=True)
    assert said.redirect_chain[-1][0].endswith(query)
    assert "quá dài" in said.content.decode()
    assert not SavedSearch.objects.exists()


# --- the link in the mail


@pytest.mark.parametrize("everything", [False, True])
def test_opening_the_link_ends_nothing_and_posting_ends_the_mails(client: Client, everything: bool) -> None:
    reader = person()
    search = kept(reader)
    other = kept(reader, "trl_min=6")
    published(trl=7)
    told()
    letter = mail.outbox[0]
    header = letter.extra_headers["List-Unsubscribe"].strip("<>")
    links = re.findall(r"https?://\S+/unsubscribe/\S+", str(letter.body))
    link = (
        header
        if everything
        else next(link for link in links if alerts.read_token(link.split("/")[-2])["search"] == search.pk)
    )
    path = "/" + link.split("/", 3)[3]
    assert client.get(path).status_code == 200
    assert SavedSearch.objects.filter(often="never").count() == 0
    strict = Client(enforce_csrf_checks=True)
    assert strict.post(path, {"List-Unsubscribe": "One-Click"}).status_code == 200
    search.refresh_from_db()
    other.refresh_from_db()
    assert (search.often, other.often) == ("never", "never" if everything else "at_once")


def test_a_forged_link_is_not_found(client: Client) -> None:
    search = kept(person())
    token = alerts.token_for(search.user, search)
    for forged in (token[:-1] + ("A" if token[-1] != "A" else "B"), "x", token.replace(":", "")):
        assert client.post(f"/unsubscribe/{forged}/").status_code == 404
    assert SavedSearch.objects.get().often == "at_once"


# --- with a real worker


@pytest.mark.faults
@pytest.mark.django_db(transaction=True)
def test_a_killed_worker_tells_each_find_once(real_worker: Any, tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    from matching.tasks import sweep_alerts

    for _ in range(12):
        kept(person())
    published(title="Lọc asen")
    for _ in range(3):
        sweep_alerts.delay()
    real_worker.wait_for(lambda: Digest.objects.count() >= 2)
    real_worker.kill()
    real_worker.start()
    sweep_alerts.delay()
    real_worker.wait_for(lambda: Digest.objects.exclude(mailed_at=None).count() == 12)
    assert Digest.objects.count() == DigestItem.objects.count() == 12
    sweep_alerts.delay()
    sweep_alerts.delay()
    real_worker.stop()
    assert Digest.objects.count() == 12
