"""No middleware, and the product's own database, pool and queue."""

from petition import settings as product

SECRET_KEY = product.SECRET_KEY
DATABASES = product.DATABASES
ALLOWED_HOSTS = product.ALLOWED_HOSTS
LOGGING = product.LOGGING
INSTALLED_APPS = ["benchmarks.floor"]
MIDDLEWARE: list[str] = []
ROOT_URLCONF = "benchmarks.floor.urls"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
USE_TZ = True
USE_I18N = False
CELERY_BROKER_URL = product.CELERY_BROKER_URL
CELERY_TASK_IGNORE_RESULT = True
