"""So many listed signers, by bulk, as they would be if each had signed.

The names are put together in SQL of words whose folds and search words the product derived; the
counts are change rows that the product folds. A sample is derived again by the product's `derive`
and compared, and a small seed is recounted whole, so that a seed can't silently drift from the truth.
"""

import json
from collections.abc import Sequence
from typing import Any

from django.core.management import call_command
from django.db import connection, models, transaction

from benchmarks.campaign import FILE, SLUG
from benchmarks.inside.names import Derived, derived
from campaign import counts, identity, placing
from campaign.campaign_file import parse
from campaign.models import Campaign, Event, Mail, MailQuota, Signature, TallyChange
from campaign.models.statement import Consent, current_text
from campaign.organising import load_campaign

CHUNK = 200_000
FEATURED = 800
SAMPLE = 300
RECOUNTED = 50_000  # above it a recount would take longer than the seed
# Of 104 signers, 100 are listed, three are anonymous, and one has withdrawn.
CYCLE, LEFT = 104, 103

_DRAW = """
SELECT n, n %% 104 AS place,
    (n * {featured} * 1.04)::bigint / {total} <> ((n - 1) * {featured} * 1.04)::bigint / {total}
        AND n %% 104 < 100 AS featured,
    first.text AS first, first.fold AS first_fold, first.tokens AS first_tokens,
    last.text AS last, last.fold AS last_fold, last.tokens AS last_tokens,
    CASE WHEN n %% 10 < 6 THEN one.text || ' ' || two.text ELSE '' END AS credit,
    CASE WHEN n %% 10 < 6 THEN one.tokens || two.tokens ELSE '{{}}' END AS credit_tokens,
    opens + (now() - opens) * ((n - 1.0) / {total}) AS at,
    kind, country, discipline, domain
FROM (
    SELECT n, (power(random(), 2) * {firsts})::int %% {firsts} AS f,
        (power(random(), 2) * {lasts})::int %% {lasts} AS l,
        (random() * {titles})::int %% {titles} AS o, (random() * {titles})::int %% {titles} AS t,
        random() AS kind, power(random(), 2) AS country, power(random(), 1.5) AS discipline,
        random() AS domain
    FROM generate_series(%(low)s::bigint, %(high)s::bigint) AS n
) AS draw
JOIN seed_first AS first ON first.number = f JOIN seed_last AS last ON last.number = l
JOIN seed_title AS one ON one.number = o JOIN seed_title AS two ON two.number = t
CROSS JOIN (SELECT opens_at AS opens FROM campaign_campaign WHERE slug = %(slug)s) AS campaign
"""

_COUNTRIES = "US FR GB DE CA ES IT BR NL SE JP IN MX AU BE CH PL PT DK NO IE AR GR KR ZA".split()


def main(signers: str) -> dict[str, Any]:
    """Migrate, make the campaign, and seed; gives how many are listed."""
    call_command("migrate", interactive=False, verbosity=0)
    load_campaign(parse(FILE))
    campaign = Campaign.objects.get(slug=SLUG)
    total = int(signers) * CYCLE // 100
    with connection.schema_editor() as editor:
        # Built at the end in one go, as a restored dump is: several times faster.
        for index in Signature._meta.indexes:
            editor.remove_index(Signature, index)
    pools = {"first": (2000, (1, 2)), "last": (20_000, (2, 3)), "title": (3000, (1, 2))}
    for seed, (name, (size, syllables)) in enumerate(pools.items()):
        _make_pool(name, derived(size, syllables, seed))
    draw = _DRAW.format(
        featured=FEATURED, total=total, **{f"{name}s": size for name, (size, _) in pools.items()}
    )
    for low in range(1, total + 1, CHUNK):
        _seed_chunk(campaign, draw, low, min(low + CHUNK - 1, total))
        while counts.fold(CHUNK):
            pass
    with connection.schema_editor() as editor:
        for index in Signature._meta.indexes:
            editor.add_index(Signature, index)
    with connection.cursor() as cursor:
        cursor.execute("VACUUM (ANALYZE)")
        cursor.execute("CHECKPOINT")
    _check(campaign, total)
    listed = Signature.objects.filter(status="published", show_name=True).count()
    return {"listed": listed, "featured": Signature.objects.filter(featured=True).count()}


def _make_pool(name: str, words: Sequence[Derived]) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            f"CREATE TEMPORARY TABLE seed_{name} (number int, text text, fold text, tokens text[])"
        )
        with cursor.copy(f"COPY seed_{name} FROM STDIN") as copy:
            for number, word in enumerate(words):
                copy.write_row((number, *word))
        cursor.execute(f"ANALYZE seed_{name}")


@transaction.atomic
def _seed_chunk(campaign: Campaign, draw: str, low: int, high: int) -> None:
    text = current_text(campaign, "en")
    consent = Consent.objects.get(campaign=campaign)
    disciplines = list(campaign.disciplines.values_list("pk", flat=True))
    with connection.cursor() as cursor:
        # True by construction: five foreign keys a row would be checked one by one.
        cursor.execute("SET LOCAL session_replication_role = replica")
        cursor.execute("SET LOCAL synchronous_commit = off")
        cursor.execute("SELECT setseed(%s)", [1 / low])
        cursor.execute("SELECT COALESCE(MAX(id), 0) FROM campaign_signature")
        before = cursor.fetchone()[0]
    state = f"CASE WHEN place = {LEFT} THEN 'withdrawn' ELSE 'published' END"
    address = "'signer' || n || '@example' || (domain * 50)::int || '.org'"
    key = "encode(sha256(n::text::bytea), 'hex')"
    _insert(
        Signature,
        {
            "public_id": "left(md5(random()::text || n), 16)",
            "campaign_id": str(campaign.pk),
            "statement_id": str(text.pk),
            "consent_id": str(consent.pk),
            "name": _named("first || ' ' || last"),
            "sort_name": "CASE WHEN featured THEN last || ', ' || first ELSE '' END",
            "kind": "CASE WHEN kind < 0.92 THEN 'person' WHEN kind < 0.98 THEN 'group'"
            " ELSE 'organisation' END",
            "discipline_id": f"CASE WHEN place <> {LEFT} THEN (ARRAY[{_array(disciplines)}, NULL])"
            f"[1 + (discipline * {len(disciplines)})::int] END",
            "credit": _named("credit"),
            "country": _named(
                f"(ARRAY[{_array(_COUNTRIES)}, ''])[1 + (country * {len(_COUNTRIES)})::int]"
            ),
            "show_name": "place < 100",
            "featured": "featured",
            "signed_at": "at",
            "email": address,
            "canonical_email": address,
            "language": "'en'",
            "name_fold": _named("first_fold || ' ' || last_fold"),
            "sort_key": _named(
                "CASE WHEN featured THEN last_fold || ', ' || first_fold"
                " ELSE first_fold || ' ' || last_fold END"
            ),
            "search": f"CASE WHEN place = {LEFT} THEN '' ELSE"
            " array_to_tsvector(first_tokens || last_tokens || credit_tokens) END",
            "details_key": _named(key),
            "status": state,
            "evidence": "'email'",
            "evidence_at": "at",
            "confirmed_at": "at",
            "published_at": "at",
            "listed_at": "CASE WHEN place < 100 THEN at END",
            "created_at": "at",
            "updated_at": "at",
        },
        f"({draw}) AS draw ORDER BY n",
        {"low": low, "high": high, "slug": SLUG},
    )
    fresh = f"campaign_signature AS s WHERE s.id > {before}"
    _insert(
        Event,
        {
            "signature_id": "s.id",
            "at": "s.confirmed_at",
            "verb": "'confirm'",
            "from_status": "'pending'",
            "to_status": "'published'",
            "actor": "'signer'",
            "revision": "1",
        },
        fresh,
    )
    left = f"{fresh} AND s.status = 'withdrawn'"
    _insert(
        Event,
        {
            "signature_id": "s.id",
            "at": "s.updated_at",
            "verb": "'withdraw'",
            "from_status": "'published'",
            "to_status": "'withdrawn'",
            "actor": "'signer'",
            "revision": "1",
        },
        left,
    )
    _insert(
        Mail,
        {
            "campaign_id": "s.campaign_id",
            "signature_id": "s.id",
            "kind": "'confirm'",
            "urgent": "true",
            "status": "'sent'",
            "due_at": "s.signed_at",
            "created_at": "s.signed_at",
            "sent_at": "s.signed_at",
        },
        fresh,
    )
    _insert(
        MailQuota,
        {
            "campaign_id": "s.campaign_id",
            "address_hash": "encode(sha256(s.canonical_email::bytea), 'hex')",
            "day": "s.signed_at::date",
            "n": "1",
        },
        fresh,
    )
    _insert(
        TallyChange, {"campaign_id": "s.campaign_id", "delta": "1", "state": "'received'"}, fresh
    )
    _insert(
        TallyChange,
        {
            "campaign_id": "s.campaign_id",
            "delta": "1",
            "state": "s.status",
            **{
                column: f"CASE WHEN s.status = 'published' THEN {value} ELSE {other} END"
                for column, value, other in (
                    ("shown", "s.show_name", "true"),
                    ("discipline", "COALESCE(d.slug, '')", "''"),
                    ("country", "s.country", "''"),
                    ("kind", "s.kind", "''"),
                    ("evidence", "s.evidence", "''"),
                    ("day", "s.published_at::date", "NULL"),
                )
            },
        },
        f"campaign_signature AS s LEFT JOIN campaign_discipline AS d ON d.id = s.discipline_id"
        f" WHERE s.id > {before}",
    )


def _array(values: Sequence[object]) -> str:
    return ", ".join(f"'{value}'" if isinstance(value, str) else str(value) for value in values)


def _insert(
    model: type[models.Model],
    columns: dict[str, str],
    source: str,
    parameters: dict[str, Any] | None = None,
) -> None:
    """INSERT ... SELECT; a column that isn't named gets its field's default, so that a new column of
    the product doesn't break the seed."""
    table = model._meta
    values, defaults = [], {}
    fields = [field for field in table.concrete_fields if not field.primary_key]
    unknown = columns.keys() - {field.column for field in fields}
    assert not unknown, unknown
    for field in fields:
        if field.column in columns:
            values.append(columns[field.column])
        else:
            values.append(f"%(default_{field.column})s")
            given = field.get_db_prep_save(field.get_default(), connection)
            defaults[f"default_{field.column}"] = given
    names = ", ".join(str(field.column) for field in fields)
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {table.db_table} ({names}) SELECT {', '.join(values)} FROM {source}",
            {**defaults, **(parameters or {})},
        )


def _check(campaign: Campaign, total: int) -> None:
    """Stop if what was put together isn't what the product derives."""
    rows = Signature.objects.filter(campaign=campaign).order_by("public_id")[:SAMPLE]
    featured = Signature.objects.filter(campaign=campaign, featured=True)[:SAMPLE]
    for row in [*rows, *featured]:
        kept = (row.name_fold, row.sort_key)
        tokens = identity.search_tokens(row.name, row.credit, row.organisation)
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT search = array_to_tsvector(%s) FROM campaign_signature WHERE id = %s",
                [tokens, row.pk],
            )
            same = cursor.fetchone()[0]
        placing.derive(row)
        if not same or kept != (row.name_fold, row.sort_key):
            raise SystemExit(f"seeded {json.dumps(row.name)} is not what the product derives")
    if total <= RECOUNTED:
        call_command("check_counts", verbosity=0)


def _named(sql: str) -> str:
    """A text that goes with who withdraws."""
    return f"CASE WHEN place = {LEFT} THEN '' ELSE {sql} END"
