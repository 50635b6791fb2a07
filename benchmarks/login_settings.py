"""Production settings but for passwords, which are hashed in no time: so that the rest of a login shows."""

from petition.settings import *  # noqa: F403

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
