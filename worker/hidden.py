"""What of the settings no log may show."""

from __future__ import annotations

from urllib.parse import unquote

from pydantic import SecretStr

from schemas.settings import Settings, variable

SENTINEL_PASSWORD = "sentinel_password="  # noqa: S105 - what stands before one, in an address


def hidden_words(settings: Settings) -> list[str]:
    """Whatever of the settings no log may show."""
    accounts = settings.accounts.values()
    keys = [key for account in accounts for key in (account.api_key, account.secret_key)]
    fields = [getattr(settings, name) for name in type(settings).model_fields]
    found = [f.get_secret_value() for f in (*fields, *keys) if isinstance(f, SecretStr)]
    # Not taken apart as an address: an unreadable one holds a password too.
    password = [url.rpartition("@")[0].rpartition(":")[2] for url in found if "://" in url]
    asked = [url.partition(SENTINEL_PASSWORD)[2].partition("&")[0] for url in found]
    words = [word for word in (*password, *asked) if word]
    return [*found, *words, *map(unquote, words), *_secrets_of_notices(settings)]


def _secrets_of_notices(settings: Settings) -> list[str]:
    """The address is one, too, where it is a chat's."""
    if settings.notify is None:
        return []
    names = [settings.notify.url_env, settings.notify.secret_env]
    try:
        found = [variable(name) for name in names if name is not None]
    except (OSError, ValueError):  # whoever sends says so, and what cannot be read is in no log
        found = []
    return [text for text in (settings.notify.url, *found) if text]
