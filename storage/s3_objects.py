"""Puts and gets by obstore (Apache's object_store, in Rust): at a fifth of what botocore's machinery takes.

Everything else, and whatever obstore will not do, is boto3's, which also finds credentials, region
and endpoint: both clients reach the same place in the same way.
"""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import botocore.session
import obstore
from boto3.session import Session
from obstore.auth.boto3 import Boto3CredentialProvider
from obstore.exceptions import BaseError
from obstore.store import S3Store

from storage.errors import StorageError
from storage.s3_errors import answer_error, lies_elsewhere, trouble_error
from storage.s3_options import S3Options

LONGEST_S = 600.0
"""A server that takes a body drop by drop would hold a thread for ever."""
_CREDENTIALS_KEPT = timedelta(minutes=5)
"""botocore's own are good for ten minutes at least (its mandatory refresh)."""
_ANYWHERE = {None, "aws-global"}

_ANSWER = re.compile(r"status code: (\d{3})")
_CODE = re.compile(r"<Code>(\w+)</Code>")
_TROUBLE = re.compile(r"HttpError \{\s*kind: (\w+)")


class S3Objects:
    """Writes and reads objects of one bucket; shared by many threads."""

    def __init__(self, store: S3Store) -> None:
        self._store = store

    def put(self, name: str, data: bytes, attributes: dict[str, str], place: str) -> bool:
        """Write an object; False: it did not come to that, and boto3 is to do it.

        Raises StorageError.
        """
        try:
            obstore.put(self._store, name, data, attributes=attributes, use_multipart=False)
        except (BaseError, OSError) as error:
            meant = _meant(str(error), place)
            if meant is None:
                return False
            raise meant from error
        except ValueError:  # a name that obstore would spell otherwise
            return False
        return True

    def get(self, name: str, place: str) -> bytes | None:
        """A whole object; None: boto3 is to read it. Raises StorageError, NotFound among them."""
        try:
            return bytes(obstore.get(self._store, name).bytes())
        except (BaseError, OSError) as error:
            meant = _meant(str(error), place)
            if meant is None:
                return None
            raise meant from error
        except ValueError:
            return None


def open_objects(client: Any, bucket: str, options: S3Options) -> S3Objects | None:
    """For the place that a boto3 client reaches; None where only boto3 knows how."""
    session = botocore.session.get_session()
    if session.get_config_variable("ca_bundle") or options.attempts > 1 or ":" in bucket:
        return None
    credentials = _credentials(options, session)
    if credentials is None:
        return None
    endpoint_url, region = client.meta.endpoint_url, client.meta.region_name
    store = S3Store(
        bucket,
        endpoint=endpoint_url,
        region="us-east-1" if region in _ANYWHERE else region,
        virtual_hosted_style_request=False,
        client_options={
            "allow_http": endpoint_url.startswith("http://"),
            "connect_timeout": timedelta(seconds=options.connect_timeout_s),
            "read_timeout": timedelta(seconds=options.read_timeout_s),
            "timeout": timedelta(seconds=LONGEST_S),
            "pool_max_idle_per_host": str(options.max_connections),
            "user_agent": "imagemill",
        },
        retry_config={"max_retries": 0},
        **credentials,
    )
    return S3Objects(store)


def _credentials(options: S3Options, session: botocore.session.Session) -> dict[str, Any] | None:
    """Those of the settings, or what boto3's chain finds; None where there are none."""
    if options.access_key_id and options.secret_access_key:
        found = {
            "access_key_id": options.access_key_id,
            "secret_access_key": options.secret_access_key,
        }
        return found | ({"token": options.session_token} if options.session_token else {})
    try:
        provider = Boto3CredentialProvider(Session(botocore_session=session), ttl=_CREDENTIALS_KEPT)
    except ValueError:
        return None
    return {"credential_provider": provider}


def _meant(text: str, place: str) -> StorageError | None:
    """What obstore's words mean, which quote the server's; None: boto3 may have better luck."""
    answer, trouble = _ANSWER.search(text), _TROUBLE.search(text)
    if answer is not None:
        code = _CODE.search(text)
        said = code[1] if code else "", int(answer[1])
        return None if lies_elsewhere(*said) else answer_error(*said, place)
    return trouble_error(trouble[1], place) if trouble else None
