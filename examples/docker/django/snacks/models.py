from django.db import models

from .fields import EncryptedTextField


class Customer(models.Model):
    name = models.CharField(max_length=100)
    bank_account = EncryptedTextField(null=True)
