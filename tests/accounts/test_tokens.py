"""API tokens: made after a fresh sign-in, for a time, and ended by their person, a new password or the end of an account."""

import datetime
import threading

import pytest
from django.core import mail
from django.db import connection, transaction
from django.test import Client
from django.utils import timezone
from knox.models import AuthToken

from accounts import services
from accounts.models import User
from audit.models import Event
from marketplace.kit.errors import Conflict
from tests.factories.accounts import PASSWORD, UserFactory

pytestmark = pytest.mark.django_db
NEW = PASSWORD + "-x"


def caller(secret: str) -> Client:
    return Client(headers={"authorization": f"Token {secret}"})


def test_a_token_is_made_after_the_password_was_entered_again_and_works_until_it_is_revoked(client: Client) -> None:
    user, outsider = UserFactory.create_batch(2)
    client.force_login(user)
    asked = client.post("/en/my/tokens/").headers["Location"]
    assert asked.startswith("/en/account/reauthenticate/")
    assert client.post(asked, {"password": "wrong"}).status_code == 200
    assert not AuthToken.objects.exists()
    page = client.post(asked, {"password": PASSWORD}).content.decode()
    assert AuthToken.objects.count() == 1
    api = caller(page.split("<code>")[1].split("</code>")[0])
    assert api.get("/api/v1/me/").json()["email"] == user.email
    key = AuthToken.objects.get(user=user).token_key
    other = Client()
    other.force_login(outsider)
    assert other.post(f"/my/tokens/{key}/revoke/").status_code == 404
    assert client.post(f"/my/tokens/{key}/revoke/").status_code == 302
    assert api.get("/api/v1/me/").status_code == 401


def test_a_token_ends_after_the_days_of_the_rule_and_its_last_call_writes_nothing() -> None:
    user = UserFactory()
    api = caller(services.create_token(user=user))
    token = AuthToken.objects.get()
    assert token.expiry - timezone.now() > datetime.timedelta(days=364, hours=23)
    assert api.get("/api/v1/me/").status_code == 200
    AuthToken.objects.update(expiry=timezone.now())
    assert api.get("/api/v1/me/").status_code == 401
    assert AuthToken.objects.count() == 1
    services.create_token(user=user)
    assert AuthToken.objects.filter(pk=token.pk).count() == 0


def test_a_token_ends_itself_and_the_log_knows() -> None:
    user = UserFactory()
    api = caller(services.create_token(user=user))
    assert api.post("/api/v1/tokens/revoke/").status_code == 204
    assert Event.objects.order_by("-pk").values_list("tag", flat=True)[0] == "user.revoke_token"
    assert api.post("/api/v1/tokens/revoke/").status_code == 401


def test_who_carries_no_token_has_none_to_revoke(client: Client) -> None:
    client.force_login(UserFactory())
    assert client.post("/api/v1/tokens/revoke/").status_code == 409


@pytest.mark.parametrize("header", [b"Token \xff\xfe", b"Token 1", b"Token " + b"g" * 64])
def test_what_is_no_token_is_refused(header: bytes) -> None:
    answer = Client(headers={"authorization": header.decode("latin-1")}).get("/api/v1/me/")
    assert answer.status_code == 401


def test_a_changed_password_ends_all_tokens(client: Client) -> None:
    user = UserFactory()
    apis = [caller(services.create_token(user=user)) for _ in range(2)]
    client.force_login(user)
    sent = {"oldpassword": PASSWORD, "password1": NEW, "password2": NEW}
    assert client.post("/account/password/change/", sent).status_code == 302
    assert [api.get("/api/v1/me/").status_code for api in apis] == [401, 401]
    event = Event.objects.get(tag="user.set_password")
    assert (event.actor, len(event.data["tokens_ended"])) == (user, 2)
    user.refresh_from_db()
    assert user.check_password(NEW)


def test_a_forgotten_password_that_is_set_anew_ends_all_tokens(client: Client) -> None:
    user = UserFactory()
    api = caller(services.create_token(user=user))
    user.emailaddress_set.create(email=user.email, verified=True, primary=True)
    client.post("/account/password/reset/", {"email": user.email})
    link = next(word for word in mail.outbox[0].body.split() if "/account/password/" in word)
    form = client.get(link.removeprefix("http://testserver"), follow=True)
    client.post(form.redirect_chain[-1][0], {"password1": NEW, "password2": NEW})
    user.refresh_from_db()
    assert user.check_password(NEW)
    assert api.get("/api/v1/me/").status_code == 401


def test_who_left_calls_no_more(client: Client) -> None:
    user = UserFactory()
    api = caller(services.create_token(user=user))
    client.force_login(user)
    User.objects.filter(pk=user.pk).update(is_active=False)
    assert api.get("/api/v1/me/").status_code == 401
    assert client.get("/my/profile/").status_code == 302
    with pytest.raises(Conflict):
        services.create_token(user=user)


@pytest.mark.django_db(transaction=True)
def test_no_token_outlives_the_password_by_being_made_meanwhile() -> None:
    user = UserFactory()
    intruder = User.objects.get(pk=user.pk)  # signed in by the old password
    refused = threading.Event()

    def make() -> None:
        try:
            services.create_token(user=intruder)
        except Conflict:
            refused.set()
        finally:
            connection.close()

    thread = threading.Thread(target=make)
    with transaction.atomic():
        services.set_password(user=user, password=NEW)
        thread.start()
        thread.join(0.5)
    thread.join(20)
    assert refused.is_set()
    assert not AuthToken.objects.exists()
