"""Search by words: what the index stores of a signature, and how it is asked.

The words come from `identity`; PostgreSQL's own parsers never see them, since they would cut
will.i.am to pieces.
"""

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.search import SearchQueryField, SearchVectorField
from django.db.models import BooleanField, F, Func, TextField, Value
from django.db.models.functions import Cast

from campaign import identity


class _Matches(Func):
    template = "%(expressions)s"
    arg_joiner = " @@ "
    output_field = BooleanField()


def vector(*texts: str) -> Func:
    """The value of a `search` column: every word that somebody may begin to type."""
    words = Value(identity.search_tokens(*texts), output_field=ArrayField(TextField()))
    return Func(words, function="array_to_tsvector", output_field=SearchVectorField())


def query(typed: str) -> str | None:
    """What was typed as a tsquery, each word a prefix; None if no word was typed."""
    words = identity.query_words(typed)
    if not words:
        return None
    quoted = (word.replace("\\", "\\\\").replace("'", "''") for word in words)
    return " & ".join(f"'{word}':*" for word in quoted)


def matching(typed: str) -> Func | None:
    """The condition that every word typed begins a word of the row; None if no word was typed."""
    words = query(typed)
    if words is None:
        return None
    return _Matches(F("search"), Cast(Value(words), SearchQueryField()))
