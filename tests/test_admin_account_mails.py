"""Mails about accounts of staff are no campaign's: who may see the mails of all campaigns sees them."""

import pytest
from django.contrib.auth.models import User
from django.test import Client

from campaign import accounts
from campaign.models import Mail
from campaign.models.membership import Role
from campaign.models.notice import AccountAct
from tests.factories import make_campaign, make_member, make_signature, make_user

pytestmark = pytest.mark.django_db

MAILS = "/admin/campaign/mail/"


@pytest.fixture
def failed() -> Mail:
    return owed("failed")


@pytest.fixture
def sent() -> Mail:
    return owed("sent")


def owed(status: str) -> Mail:
    accounts.tell(make_user(username=f"of-{status}"), AccountAct.PASSWORD)
    mail = Mail.objects.latest("pk")
    Mail.objects.filter(pk=mail.pk).update(status=status, attempts=30, error="refused with 550")
    return mail


@pytest.fixture(params=["superuser", "operator"])
def operator(request: pytest.FixtureRequest) -> Client:
    if request.param == "superuser":
        return browser(User.objects.create_superuser("boss", "boss@example.org", "secret"))
    return browser(make_user("view_mail", "change_mail", username="operator"))


@pytest.fixture
def owner() -> Client:
    return browser(make_member(make_campaign(), Role.OWNER))


def browser(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def try_again(client: Client, mail: Mail) -> str:
    chosen = {"action": "try_again", "_selected_action": [mail.pk]}
    return client.post(MAILS, chosen, follow=True).content.decode()


def test_they_stand_in_the_list_of_operators_beside_those_of_campaigns(
    operator: Client, failed: Mail, sent: Mail
) -> None:
    make_signature(make_campaign())
    of_campaign = Mail.objects.filter(notice=None).order_by("-pk")
    assert of_campaign
    page = operator.get(MAILS)
    assert list(page.context["cl"].result_list) == [*of_campaign, sent, failed]
    for said in ("of-failed (about their account)", "of-sent (about their account)", "(art)"):
        assert said in page.content.decode()
    listed = operator.get(f"{MAILS}?status__exact=failed")
    assert list(listed.context["cl"].result_list) == [failed]


def test_each_has_a_page(operator: Client, failed: Mail, sent: Mail) -> None:
    for mail, name in ((failed, "of-failed"), (sent, "of-sent")):
        page = operator.get(f"{MAILS}{mail.pk}/change/")
        assert page.status_code == 200
        assert f"{name} (about their account)" in page.content.decode()
        assert operator.get(f"{MAILS}{mail.pk}/history/").status_code == 200


def test_a_failed_one_is_tried_again_and_a_sent_one_is_not(
    operator: Client, failed: Mail, sent: Mail
) -> None:
    assert "1 failed mail is tried again." in try_again(operator, failed)
    assert "0 failed mails are tried again." in try_again(operator, sent)
    rows = Mail.objects.order_by("pk").values_list("pk", "status", "attempts", "error")
    assert set(rows) == {(failed.pk, "queued", 0, ""), (sent.pk, "sent", 30, "refused with 550")}


def test_nobody_of_one_campaign_sees_them_or_tries_them_again(
    owner: Client, failed: Mail, sent: Mail
) -> None:
    page = owner.get(MAILS)
    assert list(page.context["cl"].result_list) == []
    assert "about their account" not in page.content.decode()
    for mail in (failed, sent):
        assert owner.get(f"{MAILS}{mail.pk}/change/").status_code == 404
        assert owner.get(f"{MAILS}{mail.pk}/history/").status_code == 404
        try_again(owner, mail)
    assert sorted(Mail.objects.values_list("status", flat=True)) == ["failed", "sent"]
