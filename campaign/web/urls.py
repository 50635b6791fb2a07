"""The pages. A slug is the last thing tried, so no campaign hides another path."""

from django.urls import path, register_converter

from campaign.logos import FORMATS
from campaign.web import (
    campaigns,
    colours,
    corrections,
    correspondents,
    embeds,
    inbox,
    logos,
    mail_events,
    manage,
    personal,
    pictures,
    questions,
    reports,
    representations,
    signer_list,
    signer_page,
    vouch,
)


class AnyBytes:
    """Whatever stands in the place of a token: a broken link gets its own page, not a bare 404."""

    regex = r"[\s\S]*"

    def to_python(self, value: str) -> str:
        # Mail programs and people lose the slash at the end, or add one.
        return value.rstrip("/")

    def to_url(self, value: str) -> str:
        return value


class Hex:
    """Six hexadecimal digits."""

    regex = "[0-9a-f]{6}"

    def to_python(self, value: str) -> str:
        return value

    def to_url(self, value: str) -> str:
        return value


class Digest(Hex):
    """A sha256."""

    regex = "[0-9a-f]{64}"


class LogoFormat(Hex):
    """One of `logos.FORMATS`."""

    regex = "|".join(FORMATS.values())


register_converter(AnyBytes, "anything")
register_converter(Hex, "hex")
register_converter(Digest, "digest")
register_converter(LogoFormat, "logo-format")

urlpatterns = [
    path("", campaigns.home, name="home"),
    path("inbox/", inbox.mails, name="inbox"),
    path("inbox/<str:name>/", inbox.mail, name="inbox-mail"),
    path("mail-events/", mail_events.mail_events, name="mail-events"),
    path("logos/<digest:digest>.<logo-format:kind>", logos.logo, name="logo"),
    path("colours/<hex:accent>.css", colours.colours, name="colours"),
    path("embed.js", embeds.script, name="embed-script"),
    path("embed/<slug:slug>/", embeds.form, name="embed"),
    path("embed/<slug:slug>/counter/", embeds.counter, name="embed-counter"),
    path("embed/<slug:slug>/demo/", embeds.demonstration, name="embed-demo"),
    # Each twice: the first makes addresses, the second takes them without the slash at the end.
    path("confirm/<anything:token>/", personal.confirm, name="confirm"),
    path("confirm/<anything:token>", personal.confirm),
    path("manage/<str:token>/data.json", manage.data, name="manage-data"),
    path("manage/<anything:token>/", manage.manage, name="manage"),
    path("manage/<anything:token>", manage.manage),
    path("not-me/<anything:token>/", personal.not_me, name="not-me"),
    path("not-me/<anything:token>", personal.not_me),
    path("report/<anything:token>/", reports.confirm, name="report"),
    path("report/<anything:token>", reports.confirm),
    path("answer/<anything:token>/", questions.answer, name="answer"),
    path("answer/<anything:token>", questions.answer),
    path("vouch/<anything:token>/", vouch.vouch, name="vouch"),
    path("vouch/<anything:token>", vouch.vouch),
    path("represent/<anything:token>/", representations.confirm, name="represent"),
    path("represent/<anything:token>", representations.confirm),
    path("my-data/<anything:token>/", correspondents.my_data, name="my-data"),
    path("my-data/<anything:token>", correspondents.my_data),
    path("preview/<slug:key>/", campaigns.preview, name="preview"),
    path("<slug:slug>/", campaigns.campaign_page, name="campaign"),
    path("<slug:slug>/share.png", pictures.campaign_picture, name="campaign-picture"),
    path("<slug:slug>/signed.png", pictures.signed_picture, name="signed-picture"),
    path(
        "<slug:slug>/signers/<slug:public_id>/share.png",
        pictures.signer_picture,
        name="signer-picture",
    ),
    path("<slug:slug>/signers/", signer_list.signers, name="signers"),
    path("<slug:slug>/signers/<slug:public_id>/", signer_page.signer, name="signer"),
    path("<slug:slug>/corrections/", corrections.corrections, name="corrections"),
    path("<slug:slug>/my-signature/", manage.my_signature, name="my-signature"),
    path("<slug:slug>/signers/<slug:public_id>/report/", reports.report, name="report-signer"),
]
