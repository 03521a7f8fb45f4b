from django.core.management.base import BaseCommand
from django.db import transaction

from snacks.models import Customer


class Command(BaseCommand):
    help = "encrypt every encrypted field with the first key of FIELD_KEYS"

    def handle(self, *args, **options):
        count = 0
        for key in Customer.objects.values_list("pk", flat=True).iterator():
            with transaction.atomic():
                # Locked, so that a change that is made meanwhile is not undone.
                customer = Customer.objects.select_for_update().get(pk=key)
                customer.save(update_fields=["bank_account"])
            count += 1
        self.stdout.write(f"{count} rotated")
