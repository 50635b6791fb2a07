"""How many rows one signing writes, asked of PostgreSQL itself: the floor F2 writes as many."""

from django.db import connection, transaction
from django.test import Client

from benchmarks.campaign import SIGN
from benchmarks.inside.pending import typed


def main() -> int:
    with transaction.atomic(), connection.cursor() as cursor:
        answer = Client(SERVER_NAME="127.0.0.1").post(
            SIGN, typed("rows"), content_type="application/json"
        )
        if answer.status_code != 202:
            raise SystemExit(f"signing answered {answer.status_code}: {answer.content[:200]!r}")
        # Of this transaction, which is undone afterwards.
        cursor.execute("SELECT SUM(n_tup_ins) FROM pg_stat_xact_user_tables")
        written = int(cursor.fetchone()[0])
        transaction.set_rollback(True)
    return written
