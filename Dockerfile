# One image; the command decides what it is:
#   web        (as below)
#   mail       celery --quiet -A petition worker --queues mail --concurrency 1 --hostname mail@%h
#   worker     celery --quiet -A petition worker --queues celery --concurrency 2 --hostname worker@%h
#   long       celery --quiet -A petition worker --queues long --concurrency 1 --hostname long@%h
#   scheduler  celery --quiet -A petition beat --schedule /tmp/beat-schedule
#   migrate    python manage.py migrate
FROM python:3.11-slim

ENV PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1
WORKDIR /app
COPY requirements.txt .
RUN pip install --no-cache-dir --require-hashes -r requirements.txt
COPY manage.py ./
COPY petition petition
COPY campaign campaign
COPY templates templates
# The settings want to be complete; nothing connects, and none of this stays in the image.
RUN SECRET_KEY=build DATABASE_URL=postgres://build@localhost/build REDIS_URL=redis://localhost \
    BASE_URL=https://build.example EMAIL_URL=smtp://localhost \
    python manage.py collectstatic --noinput
RUN useradd --system --no-create-home petition \
    && install --directory --owner petition /var/lib/petition/exports /var/lib/petition/journal
# Web and worker share it: mount one volume there.
ENV EXPORT_DIR=/var/lib/petition/exports
# Another one: who has left must not be lost together with the database.
ENV JOURNAL_FILE=/var/lib/petition/journal/journal.jsonl
USER petition
EXPOSE 8000
CMD ["granian", "--interface", "wsgi", "--host", "0.0.0.0", "--port", "8000", \
     "--workers", "2", "--blocking-threads", "4", "--respawn-failed-workers", "--no-ws", \
     "petition.wsgi:application"]
