"""A question to a signer whose signature waits for a moderator, and the answer."""

from typing import ClassVar

from django.db import models
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from campaign.models.signature import Signature, new_public_id

QUESTION_MAX = 1000
ANSWER_MAX = 2000
QUESTIONS: tuple[str | Promise, ...] = (
    _(
        "How can we see that this is you? A page of yours that names this statement would do, or a few "
        "words from an address at your own site."
    ),
    _("Which work are you known for under this name? A link that shows it helps us."),
    _(
        "Do you sign for yourself, or for the organisation that you name? If for it, what is your part "
        "in it?"
    ),
    _("Under which name does the public know you? That is the one that belongs on the list."),
)
"""What moderators ask most often, to begin with; the first is that of an example."""


class Question(models.Model):
    """One question and its answer: personal text, which erasure deletes.

    While it is open its signature waits for the signer. It ends with the answer, or with whatever else
    brings the signature back before the moderators, or decides it; the link takes an answer even then,
    for as long as the signature is not decided.
    """

    revision: ClassVar[int] = 1
    """What its link carries: a question never changes."""

    public_id = models.CharField(max_length=16, default=new_public_id)
    signature = models.ForeignKey(Signature, models.CASCADE, related_name="questions")
    text = models.CharField(max_length=QUESTION_MAX)
    asked_at = models.DateTimeField(default=timezone.now)
    answer = models.CharField(max_length=ANSWER_MAX, blank=True)
    answered_at = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ("id",)
        constraints = (
            models.UniqueConstraint(fields=("public_id",), name="question_public_id"),
            # One at a time. Read by the queue's lanes too: which signatures wait for their signer.
            models.UniqueConstraint(
                fields=("signature",),
                name="question_open_once",
                condition=models.Q(ended_at__isnull=True),
            ),
            models.CheckConstraint(
                condition=models.Q(answer="", answered_at__isnull=True)
                | models.Q(answer__gt="", answered_at__isnull=False, ended_at__isnull=False),
                name="question_answered_has_ended",
            ),
        )

    def __str__(self) -> str:
        return self.public_id
