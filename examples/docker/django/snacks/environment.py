"""Settings from the environment. An error names the variable and what it should be, never the value."""
from os import environ
from urllib.parse import unquote, urlsplit

SWITCH = {"1": True, "true": True, "yes": True, "on": True, "0": False, "false": False, "no": False, "off": False}
ENGINES = {"postgres": "postgresql", "postgresql": "postgresql", "mysql": "mysql", "sqlite": "sqlite3"}


class SettingError(Exception):
    pass


def read(name, expected, convert, default):
    if name not in environ and default is not None:
        return default
    try:
        return convert(environ[name])
    except (KeyError, ValueError):
        pass  # Raised below, outside of this block: a ValueError, which would be shown too, quotes the value.
    raise SettingError(f"{name} is not set" if name not in environ else f"{name} should be {expected}")


def text(name, default=None):
    return read(name, "a text that is not empty", _text, default)


def boolean(name, default=None):
    return read(name, "true or false", lambda value: SWITCH[value.strip().lower()], default)


def number(name, default=None):
    return read(name, "a whole number", int, default)


def words(name, default=None):
    """Separated by commas: `a, b` is ["a", "b"], and an empty text the empty list."""
    return read(name, "words and commas", lambda value: [word for word in map(str.strip, value.split(",")) if word], default)


def database(name):
    """`postgres://USER:PASSWORD@HOST:PORT/NAME` or `sqlite:////PATH`, with `%XX` for what a URL cannot hold."""
    return read(name, "a URL such as postgres://USER:PASSWORD@HOST:PORT/NAME", _database, None)


def _text(value):
    if not value:
        raise ValueError
    return value


def _database(value):
    url = urlsplit(value)
    name = unquote(url.path[1:])
    return {
        "ENGINE": f"django.db.backends.{ENGINES[url.scheme]}",
        "NAME": _text(name),
        "USER": unquote(url.username or ""),
        "PASSWORD": unquote(url.password or ""),
        "HOST": url.hostname or "",
        "PORT": url.port or "",
    }
