"""Writes password_hashes.json: password hashes as Django makes them.

Needs Django with argon2-cffi (python -m venv /tmp/django; /tmp/django/bin/pip install 'Django[argon2]==5.2.*'), then
python password_hashes.py > password_hashes.json. Salts are fixed: the same Django gives the same file.

A line is [password, encoded hash]; every password is the right one.
"""

import json

from django.conf import settings

settings.configure()

import argon2  # noqa: E402
from django.contrib.auth.hashers import (  # noqa: E402
    Argon2PasswordHasher,
    PBKDF2PasswordHasher,
    check_password,
    make_password,
)

settings.PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
    "django.contrib.auth.hashers.Argon2PasswordHasher",
]

SALT = "fixedSaltOf22Letters00"


class SmallArgon2(Argon2PasswordHasher):
    memory_cost = 1024
    parallelism = 2


def cases():
    # As Django 5.2 makes them without any setting.
    yield "s3cret!", make_password("s3cret!", SALT)
    yield "s3cret!", make_password("s3cret!", SALT, "argon2")
    # An early Django's iterations, a short salt, a salt of its own choosing.
    yield "pässwörd 🎉", PBKDF2PasswordHasher().encode("pässwörd 🎉", "x", 10_000)
    yield "", PBKDF2PasswordHasher().encode("", "a salt, with/all.sorts=of+signs", 1)
    # Longer than a block of SHA-256.
    yield "long" * 100, PBKDF2PasswordHasher().encode("long" * 100, SALT, 260_000)
    yield "pässwörd 🎉", SmallArgon2().encode("pässwörd 🎉", SALT)
    yield "long" * 100, SmallArgon2().encode("long" * 100, "8letters")
    # Django 1.10 to 3.1 used Argon2i, with 512 KiB.
    argon2i = argon2.PasswordHasher(time_cost=2, memory_cost=512, parallelism=2, hash_len=16, type=argon2.Type.I)
    yield "old", "argon2" + argon2i.hash("old", salt=SALT.encode())


def main():
    lines = []
    for password, encoded in cases():
        assert check_password(password, encoded), encoded
        lines.append(json.dumps([password, encoded]))
    print("[\n" + ",\n".join(lines) + "\n]")


main()
