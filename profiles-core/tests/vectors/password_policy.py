"""Writes password_policy.json: what Django's own validators say of a few hundred passwords.

Needs Django and nothing else:

    python -m venv /tmp/django && /tmp/django/bin/pip install 'Django==5.2.*'
    /tmp/django/bin/python password_policy.py > password_policy.json

The choice is seeded: the same Django and the same Unicode give the same file. An argument is the number of random
passwords per owner (default 40); with more of them the file serves for a longer comparison by hand.

A line is [least length, password, owner, messages]; owner is [username, first name, last name, e-mail address] or null.
"""

import json
import random
import sys

import django
from django.conf import settings

settings.configure(INSTALLED_APPS=["django.contrib.contenttypes", "django.contrib.auth"])
django.setup()

from django.contrib.auth import password_validation as validation  # noqa: E402
from django.contrib.auth.models import User  # noqa: E402
from django.core.exceptions import ValidationError  # noqa: E402

COMMON = validation.CommonPasswordValidator()

OWNERS = [
    ("ada", "", "", "ada@example.com"),
    ("ada.lovelace", "Augusta Ada", "King-Noel", "countess@lovelace.example"),
    ("x", "y", "z", "q@w.e"),
    ("user+name@host", "user name", "name", "user.name+tag@mail.host.example"),
    ("ÅNGSTRÖM_99", "Straße", "ΟΔΥΣΣΕΥΣ", "ångström@exämple.example"),
    ("пользователь", "Любовь", "Орлова", "orlova@пример.рф"),
    ("名前ユーザー", "太郎", "山田", "taro@example.jp"),
    ("İstanbul", "Dž", "ﬁne", "istanbul@example.com"),
    ("e\u0301te\u0301", "٣٤٥٦٧٨٩٠", "½⑩²³", "under_score@example.com"),
    ("a" * 150, "ab" * 75, "abc" * 50, "a" * 64 + "@" + "b" * 63 + ".example"),
    ("12345678", "1234", "5678", "87654321@98765432.example"),
    ("", "", "", ""),
]

# Around every edge of a rule: length, white space as Python sees it, kinds of digits, separators as `\W` sees them.
EDGES = [
    "a", "1234567", "12345678", "abcdefg", "x7#kQ9!z", "ééééééé", "éééééééé", "🎉" * 7, "🎉" * 8, "e\u0301" * 4,
    "password", "PASSWORD", " password ", "\x1cpassword\x1f", "\u3000password\u00a0", "\u200bpassword", "pass word",
    "password\n", "\x85password\x85", "ЛЮБОВЬ", "Йцукен", "fallen_angel", "friend of emily", "İloveyou",
    "٠١٢٣٤٥٦٧", "０１２３４５６７", "²³¹⁰⁴⁵⁶⁷", "①②③④⑤⑥⑦⑧", "⑩⑩⑩⑩⑩⑩⑩⑩", "½½½½½½½½", "ⅧⅧⅧⅧⅧⅧⅧⅧ", "一二三四五六七八", "፩፪፫፬፭፮፯፰",
    "፲፲፲፲፲፲፲፲", "🄀🄁🄂🄃🄄🄅🄆🄇", "🯰🯱🯲🯳🯴🯵🯶🯷", "1234 5678", "-12345678", "1234567.8", "1_000_000_000", "12345678٣", "᧚᧚᧚᧚᧚᧚᧚᧚",
    "".join(chr(c) for c in range(0x110000) if chr(c).isdigit()),
]  # fmt: skip

# Each with seven others that are digits: is it one too?
EDGES += ["1234567" + chr(c) for c in range(0x110000) if chr(c).isdigit() and not chr(c).isdecimal()]
EDGES += ["1234567" + chr(c) for c in range(0x110000) if chr(c).isnumeric() and not chr(c).isdigit()][::40]
# Each before a common password: does it count as white space?
EDGES += [chr(c) + "dragon" for c in range(0x3100) if chr(c).isspace() or c in (0x1B, 0x180E, 0x200B, 0x2060)]


def messages(min_length, password, owner):
    validators = [
        validation.UserAttributeSimilarityValidator(),
        validation.MinimumLengthValidator(min_length),
        COMMON,
        validation.NumericPasswordValidator(),
    ]
    user = owner and User(username=owner[0], first_name=owner[1], last_name=owner[2], email=owner[3])
    try:
        validation.validate_password(password, user, validators)
    except ValidationError as error:
        return error.messages
    return []


def mutated(source, rng):
    """A password that shares about seven tenths of its letters with something of its owner."""
    letters = list(source)
    rng.shuffle(letters)
    kept = letters[: max(1, round(len(letters) * rng.uniform(0.5, 1.0)))]
    extra = rng.choices("abcdexyz0123456789-_. éßжЖΣİ名²", k=rng.randint(0, max(1, round(len(letters) * 0.6))))
    password = kept + extra
    if rng.random() < 0.5:
        rng.shuffle(password)
    text = "".join(password)
    return text.upper() if rng.random() < 0.3 else text


def cases(count):
    rng = random.Random(9106)
    for password in EDGES:
        yield 8, password, None
    common = sorted(COMMON.passwords)
    for password in rng.sample(common, 40):
        yield 8, rng.choice([password, password.upper(), password + "!", " " + password, password[:-1]]), None
    for min_length in (0, 1, 12):
        for password in ("", "a", "abcdefghijk", "abcdefghijkl"):
            yield min_length, password, None
    for owner in OWNERS:
        sources = [part for value in owner for part in [value, *value.replace("@", ".").split(".")] if part]
        for source in sources:
            # At ten times the length of a value, Django stops comparing.
            yield from ((8, source[:1] * times, owner) for times in (9, 10, 11))
        for _ in range(count):
            yield 8, mutated(rng.choice(sources or ["anything"]), rng), owner


def main():
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 40
    seen = {}
    for case in cases(count):
        # Of an empty password Django says that it resembles "..."; see `similarity.rs`.
        if case[1] or not case[2]:
            seen.setdefault(case, messages(*case))
    lines = (json.dumps([*case, found], ensure_ascii=True) for case, found in seen.items())
    print("[\n" + ",\n".join(lines) + "\n]")


main()
