"""The S3 client: how it signs, waits and addresses buckets."""

from __future__ import annotations

from typing import Any

from boto3.session import Session
from botocore.awsrequest import AWSRequest
from botocore.config import Config

from storage.errors import BadUrl
from storage.s3_errors import S3_EXCEPTIONS, storage_error
from storage.s3_options import S3Options


def open_client(options: S3Options, url: str) -> Any:
    """A boto3 client, which boto3 types as Any; it is safe to share between threads.

    `url` is what messages call the place. Raises BadUrl for an endpoint that is no address.
    """
    config = Config(
        signature_version="s3v4",
        # Servers other than AWS refuse or damage uploads with the checksums sent by default.
        request_checksum_calculation="when_required",
        response_checksum_validation="when_required",
        retries={"total_max_attempts": options.attempts, "mode": "standard"},
        max_pool_connections=options.max_connections,
        connect_timeout=options.connect_timeout_s,
        read_timeout=options.read_timeout_s,
        # botocore's own is put together twice for each request, at 0.2 ms of CPU.
        user_agent="imagemill",
        # Own servers seldom have a DNS name for each bucket.
        s3={"addressing_style": "path" if options.endpoint_url else "auto"},
    )
    try:
        # A session of its own: boto3's shared one is not safe to use from several threads.
        client: Any = Session().client(
            "s3",
            endpoint_url=options.endpoint_url,
            region_name=options.region,
            aws_access_key_id=options.access_key_id,
            aws_secret_access_key=options.secret_access_key,
            aws_session_token=options.session_token,
            config=config,
        )
    except S3_EXCEPTIONS as error:
        raise storage_error(error, url) from error
    except ValueError as error:
        raise BadUrl(
            f"{url} cannot be used: the endpoint is not an http:// or https:// address."
        ) from error
    client.meta.events.register("before-sign.s3", _send_at_once)
    return client


def _send_at_once(request: AWSRequest, **_: object) -> None:
    # boto3 asks leave before it sends any body: a round trip more for every image, and whole idle
    # seconds with a server that does not answer, as SeaweedFS does while writers race for a key.
    del request.headers["Expect"]
