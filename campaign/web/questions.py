"""The page on which a signer answers a moderator's question; the token of its mail is the authority."""

from django.http import HttpRequest, HttpResponse, QueryDict
from django.utils import translation

from campaign import waiting
from campaign.details import ANSWER_TOO_LONG
from campaign.errors import InvalidInput, TokenExpired, TokenInvalid
from campaign.models.question import Question
from campaign.web import personal
from campaign.web.answers import door
from campaign.web.forms import by_field, mistakes


@door()
def answer(request: HttpRequest, token: str) -> HttpResponse:
    """GET shows the question, what was given, and a field; POST takes the answer and shows it."""
    try:
        return _answered(request, token, waiting.seen(token))
    except (TokenExpired, TokenInvalid) as error:
        # The answer of who has signed may stand on their own page too: as a correction.
        return personal.lost(request, error, personal.ASK_FOR_LINK, personal.WRITE)


def _answered(request: HttpRequest, token: str, question: Question) -> HttpResponse:
    if request.method != "POST":
        return _page(request, question)
    form = personal.posted(request)
    speech = personal.spoken(request, question.signature)
    with translation.override(speech.interface):
        try:
            return _page(request, waiting.answer(token, typed=form))
        except InvalidInput as error:
            return _page(request, question, form=form, error=error)


def _page(
    request: HttpRequest,
    question: Question,
    *,
    form: QueryDict | None = None,
    error: InvalidInput | None = None,
) -> HttpResponse:
    errors = by_field(error.errors) if error else {}
    context = {
        **personal.shown(request, question.signature),
        "question": question,
        "typed": form or {},
        "errors": errors,
        "mistakes": mistakes(errors),
        "longest": ANSWER_TOO_LONG,
    }
    status = 422 if errors else 200
    return personal.answer(request, question.signature, "pages/answer.html", context, status=status)
