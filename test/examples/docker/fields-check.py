"""Runs in the image of examples/docker/django: what its model stores, reads and refuses, as JSON."""
import json
import os
import sys
from io import StringIO

sys.path.insert(0, "/app")
os.environ["DJANGO_SETTINGS_MODULE"] = "snacks.settings"

import django
from cryptography.fernet import Fernet
from django.core.exceptions import FieldError, ImproperlyConfigured
from django.core.management import call_command
from django.db import connection
from django.test import override_settings

django.setup()
from snacks.models import Customer  # noqa: E402 (needs the settings)


def failure(kind, action):
    try:
        return f"no {kind.__name__}: {action()}"
    except kind as error:
        return str(error)


told = {}
call_command("migrate", verbosity=0)
Customer.objects.create(name="a", bank_account="DE00-canary")
Customer.objects.create(name="b", bank_account=None)


def read(name="a"):
    return Customer.objects.get(name=name).bank_account


told["read"] = read()
told["nothing"] = read("b")
with connection.cursor() as cursor:
    cursor.execute("SELECT bank_account FROM snacks_customer WHERE name = 'a'")
    stored = cursor.fetchone()[0]
told["stored"] = "a Fernet token" if stored.startswith("gAAAA") and "canary" not in stored else "something else"

old, new = django.conf.settings.FIELD_KEYS, [Fernet.generate_key().decode()]
with override_settings(FIELD_KEYS=new + old):
    output = StringIO()
    call_command("rotate_fields", stdout=output)
    told["rotated"] = output.getvalue()
with override_settings(FIELD_KEYS=new):
    told["read with the new key"] = read()
with override_settings(FIELD_KEYS=old):
    told["read with the old key"] = failure(ValueError, read)
with override_settings(FIELD_KEYS=["canary"]):
    told["read with a bad key"] = failure(ImproperlyConfigured, read)
refused = failure(FieldError, lambda: Customer.objects.filter(bank_account="DE00-canary").count())
told["sought"] = "FieldError" if "exact" in refused else refused
told["sought where it is null"] = Customer.objects.filter(bank_account__isnull=True).count()
try:
    call_command("makemigrations", "--check", "--dry-run", verbosity=0)
    told["migrations"] = "as the models"
except SystemExit:
    told["migrations"] = "older than the models"
print(json.dumps(told))
