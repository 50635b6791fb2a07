"""The shapes that the API answers with, for the OpenAPI document; the data comes from `publication`."""

from typing import Any

from drf_spectacular.serializers import PolymorphicProxySerializerExtension
from drf_spectacular.utils import PolymorphicProxySerializer
from rest_framework import serializers

from campaign import private_reads
from campaign.models.signature import Evidence, HoldReason, Kind

Shape = serializers.Serializer[Any]


class AnyOf(PolymorphicProxySerializer):
    """Several shapes of one answer, for the document alone."""


class AnyOfExtension(PolymorphicProxySerializerExtension):  # type: ignore[no-untyped-call]
    """The library's oneOf would refuse a page without signers, which is of either shape."""

    target_class = "campaign.api.outputs.AnyOf"
    priority = 0

    def map_serializer(self, auto_schema: Any, direction: str) -> dict[str, Any]:
        described: Any = super().map_serializer(auto_schema, direction)  # type: ignore[no-untyped-call]
        return {"anyOf": described["oneOf"]}


class EvidenceShape(Shape):
    method = serializers.ChoiceField(Evidence.choices)
    at = serializers.DateTimeField(allow_null=True)
    by = serializers.CharField(
        required=False,
        help_text="The organisation that vouches, only where the signer chose that it stands here.",
    )


class SignerShape(Shape):
    id = serializers.CharField(help_text="Opaque: tells neither order nor time.")
    name = serializers.CharField()
    sort_name = serializers.CharField(allow_null=True, help_text="Where it stands by name.")
    kind = serializers.ChoiceField(Kind.choices)
    discipline = serializers.CharField(
        allow_null=True, help_text="A slug of the campaign's list; self-declared."
    )
    credit = serializers.CharField(
        allow_null=True, help_text="A line by which people know the signer; self-declared."
    )
    organisation = serializers.CharField(allow_null=True)
    country = serializers.CharField(allow_null=True)
    featured = serializers.BooleanField()
    evidence = EvidenceShape()
    statement_version = serializers.IntegerField()
    language = serializers.CharField(help_text="Of the text that was signed.")
    signed_at = serializers.DateTimeField()
    updated_at = serializers.DateTimeField()


class TombstoneShape(Shape):
    id = serializers.CharField()
    removed = serializers.BooleanField()
    updated_at = serializers.DateTimeField()


class SignerPageShape(Shape):
    results = SignerShape(many=True)
    next = serializers.URLField(allow_null=True)
    previous = serializers.URLField(allow_null=True)


class ChangePageShape(Shape):
    """With `updated_since`: signers and tombstones, and where the next walk begins."""

    results = PolymorphicProxySerializer(
        component_name="Change",
        serializers=[SignerShape, TombstoneShape],
        resource_type_field_name=None,
        many=True,
    )
    next = serializers.URLField(allow_null=True)
    previous = serializers.URLField(allow_null=True)
    next_since = serializers.DateTimeField()


SIGNERS_ANSWER = AnyOf(
    component_name="SignersAnswer",
    serializers=[SignerPageShape, ChangePageShape],
    resource_type_field_name=None,
)


class VoucherShape(Shape):
    name = serializers.CharField()
    published = serializers.IntegerField()


class VouchersShape(Shape):
    as_of = serializers.DateTimeField()
    results = VoucherShape(many=True)


class DisciplineShape(Shape):
    slug = serializers.CharField()
    name = serializers.CharField()


class OrganiserShape(Shape):
    name = serializers.CharField()
    address = serializers.CharField()
    contact = serializers.CharField()
    privacy_url = serializers.CharField()


class StatementShape(Shape):
    version = serializers.IntegerField()
    sha256 = serializers.CharField()


class CampaignCountsShape(Shape):
    published = serializers.IntegerField()
    as_of = serializers.DateTimeField()


class LinksShape(Shape):
    self = serializers.URLField()
    page = serializers.URLField()
    statement = serializers.URLField()
    signatures = serializers.URLField()
    signers = serializers.URLField()
    counts = serializers.URLField()
    csv = serializers.URLField()
    jsonl = serializers.URLField()
    feed = serializers.URLField()
    badge = serializers.URLField()
    corrections = serializers.URLField()


class CampaignShape(Shape):
    slug = serializers.CharField()
    state = serializers.ChoiceField(["open", "paused", "closed"])
    languages = serializers.ListField(child=serializers.CharField())
    language = serializers.CharField()
    title = serializers.CharField()
    body_markdown = serializers.CharField(
        help_text="`title`, a blank line and this are, in UTF-8, the bytes that `sha256` is of: it ends "
        "with a newline."
    )
    body_html = serializers.CharField()
    consent = serializers.CharField()
    statement = StatementShape()
    opens_at = serializers.DateTimeField()
    closes_at = serializers.DateTimeField(allow_null=True)
    is_open = serializers.BooleanField()
    publication_paused_at = serializers.DateTimeField(allow_null=True)
    list_frozen_at = serializers.DateTimeField(allow_null=True)
    goal = serializers.IntegerField()
    disciplines = DisciplineShape(many=True)
    organiser = OrganiserShape()
    counts = CampaignCountsShape()
    links = LinksShape()


class CampaignListShape(Shape):
    results = CampaignShape(many=True)


class ByDisciplineShape(Shape):
    discipline = serializers.CharField(allow_null=True)
    published = serializers.IntegerField()


class ByCountryShape(Shape):
    country = serializers.CharField(allow_null=True)
    published = serializers.IntegerField()


class ByKindShape(Shape):
    kind = serializers.ChoiceField(Kind.choices)
    published = serializers.IntegerField()


class ByEvidenceShape(Shape):
    evidence = serializers.ChoiceField(Evidence.choices)
    published = serializers.IntegerField()


class ByDayShape(Shape):
    day = serializers.DateField()
    published = serializers.IntegerField()


class CountsShape(Shape):
    as_of = serializers.DateTimeField(help_text="The instant that all are exact at.")
    received = serializers.IntegerField(
        help_text="Requests to sign that were accepted, whatever came of them."
    )
    confirmed = serializers.IntegerField(help_text="published + held + withdrawn + removed.")
    published = serializers.IntegerField(help_text="Listed signers and anonymous.")
    anonymous = serializers.IntegerField(
        help_text="Published without a name shown; listed nowhere."
    )
    held = serializers.IntegerField(help_text="Confirmed, waits for a moderator.")
    withdrawn = serializers.IntegerField(
        help_text="Confirmed, and taken back or erased by the signer."
    )
    removed = serializers.IntegerField(
        help_text="Rejected by the campaign, before or after publication."
    )
    by_discipline = ByDisciplineShape(many=True)
    by_country = ByCountryShape(many=True)
    by_kind = ByKindShape(many=True)
    by_evidence = ByEvidenceShape(many=True)
    by_day = ByDayShape(many=True)


class CorrectionShape(Shape):
    at = serializers.DateTimeField(help_text="The beginning of the UTC day.")
    number = serializers.IntegerField(help_text="Of signatures that had been published.")
    reason = serializers.CharField()


class CorrectionsShape(Shape):
    results = CorrectionShape(many=True)


class AcceptedShape(Shape):
    status = serializers.ChoiceField(["check_your_inbox"])


class ConfirmedShape(Shape):
    status = serializers.ChoiceField(["published", "held"])
    signer = SignerShape(allow_null=True)


class PrivateEvidenceShape(EvidenceShape):
    note = serializers.CharField(allow_null=True)


class PrivateSignatureShape(Shape):
    id = serializers.CharField()
    status = serializers.ChoiceField([status.value for status in private_reads.SHOWN])
    revision = serializers.IntegerField(help_text="What a decision has to name.")
    name = serializers.CharField(allow_null=True)
    sort_name = serializers.CharField(allow_null=True)
    kind = serializers.ChoiceField(Kind.choices, allow_null=True)
    discipline = serializers.CharField(allow_null=True)
    credit = serializers.CharField(allow_null=True)
    organisation = serializers.CharField(allow_null=True)
    country = serializers.CharField(allow_null=True)
    show_name = serializers.BooleanField(allow_null=True)
    featured = serializers.BooleanField(allow_null=True)
    email = serializers.CharField(allow_null=True)
    newsletter = serializers.BooleanField(allow_null=True)
    language = serializers.CharField(allow_null=True, help_text="That they are written to in.")
    source = serializers.CharField(allow_null=True)  # type: ignore[assignment]
    hold_reasons = serializers.ListField(child=serializers.ChoiceField(HoldReason.choices))
    rejection_reason = serializers.CharField(
        allow_null=True, help_text="One of the campaign's reasons."
    )
    evidence = PrivateEvidenceShape(allow_null=True)
    statement_version = serializers.IntegerField()
    statement_language = serializers.CharField()
    signed_at = serializers.DateTimeField()
    confirmed_at = serializers.DateTimeField(allow_null=True)
    published_at = serializers.DateTimeField(allow_null=True)
    updated_at = serializers.DateTimeField()


class PrivatePageShape(Shape):
    results = PrivateSignatureShape(many=True)
    next = serializers.URLField(allow_null=True)
    previous = serializers.URLField(allow_null=True)
    next_since = serializers.DateTimeField()


class DecidedShape(Shape):
    id = serializers.CharField()
    status = serializers.ChoiceField([status.value for status in private_reads.SHOWN])
    revision = serializers.IntegerField()
    featured = serializers.BooleanField()
    changed = serializers.BooleanField(help_text="false: it was so already.")


class FieldErrorShape(Shape):
    field = serializers.CharField()
    code = serializers.CharField()
    message = serializers.CharField()


class ChallengeDataShape(Shape):
    campaign = serializers.CharField()


class ChallengeParametersShape(Shape):
    algorithm = serializers.CharField()
    cost = serializers.IntegerField()
    keyLength = serializers.IntegerField()  # noqa: N815
    keyPrefix = serializers.CharField()  # noqa: N815
    nonce = serializers.CharField()
    salt = serializers.CharField()
    keySignature = serializers.CharField()  # noqa: N815
    expiresAt = serializers.IntegerField()  # noqa: N815
    data = ChallengeDataShape()  # type: ignore[assignment]


class ChallengeShape(Shape):
    """ALTCHA's own form, version 2, which its widget and libraries read."""

    parameters = ChallengeParametersShape()
    signature = serializers.CharField()


class ProblemShape(Shape):
    type = serializers.CharField()
    title = serializers.CharField()
    status = serializers.IntegerField()
    code = serializers.CharField()
    detail = serializers.CharField()
    errors = FieldErrorShape(many=True, required=False)  # type: ignore[assignment]
    challenge = ChallengeShape(required=False, help_text="With `bot_check_required` alone.")
