from . import environment as env

SECRET_KEY = env.text("DJANGO_SECRET_KEY")
DEBUG = env.boolean("DJANGO_DEBUG", default=False)
ALLOWED_HOSTS = env.words("DJANGO_ALLOWED_HOSTS")
SESSION_COOKIE_AGE = env.number("SESSION_SECONDS", default=14 * 24 * 3600)
DATABASES = {"default": env.database("DATABASE_URL")}

# The first key encrypts, all of them decrypt. To rotate: put a new one in front, deploy, run `manage.py rotate_fields`,
# take the old one away. DJANGO_SECRET_KEY rotates in the same way.
FIELD_KEYS = env.words("FIELD_KEYS")
SECRET_KEY_FALLBACKS = env.words("DJANGO_OLD_SECRET_KEYS", default=[])

INSTALLED_APPS = ["snacks"]
ROOT_URLCONF = "snacks.urls"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
USE_TZ = True
