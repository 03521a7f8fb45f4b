from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.db import models


def fernet():
    try:
        return MultiFernet([Fernet(key) for key in settings.FIELD_KEYS])
    except ValueError:
        pass  # Raised below, outside of this block, so that no trace shows more than the name.
    raise ImproperlyConfigured("FIELD_KEYS should be keys as Fernet.generate_key() makes them, separated by commas")


class EncryptedTextField(models.TextField):
    """Text that the database holds encrypted and authenticated; it cannot be searched."""

    def get_prep_value(self, value):
        value = super().get_prep_value(value)
        return None if value is None else fernet().encrypt(value.encode()).decode()

    def from_db_value(self, value, expression, connection):
        if value is None:
            return None
        try:
            return fernet().decrypt(value.encode()).decode()
        except InvalidToken:
            raise ValueError(f"{self.model.__name__}.{self.name}: no key of FIELD_KEYS decrypts it") from None

    def get_lookup(self, lookup_name):
        """Each encryption of a text is another one, so that nothing would ever be found."""
        return super().get_lookup(lookup_name) if lookup_name == "isnull" else None
