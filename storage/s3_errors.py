"""What an S3 server's answers and botocore's exceptions mean for a storage."""

from __future__ import annotations

from boto3.exceptions import Boto3Error
from botocore import exceptions as boto
from botocore.exceptions import BotoCoreError, ClientError
from s3transfer.exceptions import CancelledError
from urllib3.exceptions import HTTPError

from storage.errors import (
    BadKey,
    Broken,
    BucketMissing,
    Denied,
    Full,
    NotFound,
    StorageError,
    Unreachable,
)

# All that a call of the client can raise; urllib3's while a body is read, where botocore lets some
# through.
S3_EXCEPTIONS: tuple[type[Exception], ...] = (
    BotoCoreError,
    ClientError,
    Boto3Error,
    CancelledError,
    HTTPError,
)

_KEYS = (Denied, "the access key or its secret is wrong: check both, and the endpoint they are for")
_STALE = (Denied, "the session's credentials have run out: get new ones")
_POLICY = (Denied, "these credentials may not do this: check the policy of the bucket and the key")
_REGION = (
    Broken,
    "the bucket lies in another region or behind another endpoint: set both to match",
)
_BUSY = (Unreachable, "the server is busy or failing: it is worth trying again later")
_FULL = (Full, "the server has no room left: free some or raise the quota")
_SKEW = (Denied, "this machine's clock differs from the server's: set the clock")
_ABSENT = (NotFound, "there is no such object")

BY_CODE: dict[str, tuple[type[StorageError], str]] = {
    "NoSuchBucket": (BucketMissing, "the bucket does not exist: create it or correct its name"),
    "NoSuchKey": _ABSENT,
    "InvalidAccessKeyId": _KEYS,
    "SignatureDoesNotMatch": _KEYS,
    "InvalidSecurity": _KEYS,
    "ExpiredToken": _STALE,
    "InvalidToken": _STALE,
    "TokenRefreshRequired": _STALE,
    "RequestTimeTooSkewed": _SKEW,
    "RequestExpired": _SKEW,
    "AccessDenied": _POLICY,
    "AllAccessDisabled": _POLICY,
    "AccountProblem": (Denied, "the account is blocked: ask the provider of the bucket"),
    "AuthorizationHeaderMalformed": _REGION,
    "IllegalLocationConstraintException": _REGION,
    "PermanentRedirect": _REGION,
    "QuotaExceeded": _FULL,
    "XMinioStorageFull": _FULL,
    "XMinioAdminBucketQuotaExceeded": _FULL,
    "KeyTooLongError": (BadKey, "the server finds the key too long: use a shorter one"),
    "RequestTimeout": _BUSY,
    "SlowDown": _BUSY,
    "Throttling": _BUSY,
    "InternalError": _BUSY,
    "ServiceUnavailable": _BUSY,
}

BY_STATUS: dict[int, tuple[type[StorageError], str]] = {
    301: _REGION,
    401: _KEYS,
    403: _POLICY,
    404: _ABSENT,
    408: _BUSY,
    429: _BUSY,
    501: (Broken, "the server does not support this request"),
    507: _FULL,
}

_CREDENTIALS = (
    Denied,
    "no usable credentials were found: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY",
)
_SILENT = (Unreachable, "the server did not answer in time: check the endpoint and the network")
_NOT_THERE = (Unreachable, "no connection could be made: check the endpoint and the network")
_TORN = (Unreachable, "the connection broke: it is worth trying again")
_DAMAGED = (Unreachable, "the data were damaged on the way: it is worth trying again")
_ADDRESS = (Broken, "the endpoint, region or bucket name cannot be used: correct it")
_AWS_CONFIG = (Broken, "the AWS configuration of this machine cannot be used: correct it")
_REQUEST = (Broken, "the S3 client refused to send the request")

# Most specific first: the first row whose class fits decides.
BY_EXCEPTION: tuple[tuple[type[Exception], tuple[type[StorageError], str]], ...] = (
    (boto.ConnectTimeoutError, _SILENT),
    (boto.ReadTimeoutError, _SILENT),
    (boto.SSLError, (Unreachable, "the TLS handshake failed: check certificate and endpoint")),
    (boto.ProxyConnectionError, (Unreachable, "the proxy cannot be reached: check its address")),
    (boto.EndpointConnectionError, _NOT_THERE),
    (boto.ConnectionError, _NOT_THERE),
    (boto.HTTPClientError, _TORN),
    (HTTPError, _TORN),
    (boto.IncompleteReadError, _TORN),
    (boto.ChecksumError, _DAMAGED),
    (boto.FlexibleChecksumError, _DAMAGED),
    (boto.NoCredentialsError, _CREDENTIALS),
    (boto.PartialCredentialsError, _CREDENTIALS),
    (boto.CredentialRetrievalError, _CREDENTIALS),
    (boto.MetadataRetrievalError, _CREDENTIALS),
    (boto.UnknownCredentialError, _CREDENTIALS),
    (boto.RefreshWithMFAUnsupportedError, _CREDENTIALS),
    (boto.NoAuthTokenError, _CREDENTIALS),
    (boto.TokenRetrievalError, _CREDENTIALS),
    (boto.UnknownTokenProviderError, _CREDENTIALS),
    (boto.SSOError, _CREDENTIALS),
    (boto.LoginError, _CREDENTIALS),
    (boto.BaseEndpointResolverError, _ADDRESS),
    (boto.EndpointProviderError, _ADDRESS),
    (boto.InvalidRegionError, _ADDRESS),
    (boto.InvalidHostLabelError, _ADDRESS),
    (boto.InvalidDNSNameError, _ADDRESS),
    (boto.UnsupportedS3ArnError, _ADDRESS),
    (boto.UnsupportedS3AccesspointConfigurationError, _ADDRESS),
    (boto.UnsupportedS3ConfigurationError, _ADDRESS),
    (boto.UnsupportedOutpostResourceError, _ADDRESS),
    (boto.InvalidEndpointConfigurationError, _ADDRESS),
    (boto.ProfileNotFound, _AWS_CONFIG),
    (boto.ConfigParseError, _AWS_CONFIG),
    (boto.ConfigNotFound, _AWS_CONFIG),
    (boto.InvalidConfigError, _AWS_CONFIG),
    (boto.InvalidIMDSEndpointError, _AWS_CONFIG),
    (boto.InvalidIMDSEndpointModeError, _AWS_CONFIG),
    (boto.InvalidProxiesConfigError, _AWS_CONFIG),
    (boto.InvalidDefaultsMode, _AWS_CONFIG),
    (boto.InvalidRetryConfigurationError, _AWS_CONFIG),
    (boto.InvalidS3AddressingStyleError, _AWS_CONFIG),
    (boto.InvalidS3UsEast1RegionalEndpointConfigError, _AWS_CONFIG),
    (boto.InvalidSTSRegionalEndpointsConfigError, _AWS_CONFIG),
    (boto.InvalidEndpointDiscoveryConfigurationError, _AWS_CONFIG),
    (boto.InvalidChecksumConfigError, _AWS_CONFIG),
    (boto.UnknownSignatureVersionError, _AWS_CONFIG),
    (boto.UnsupportedSignatureVersionError, _AWS_CONFIG),
    (boto.MissingDependencyException, _AWS_CONFIG),
    (boto.MD5UnavailableError, _AWS_CONFIG),
    (boto.ParamValidationError, _REQUEST),
    (boto.ValidationError, _REQUEST),
    (boto.MissingParametersError, _REQUEST),
    (boto.UnseekableStreamError, _REQUEST),
    (boto.AwsChunkedWrapperError, _REQUEST),
    (Boto3Error, (Broken, "the upload in parts failed")),
    (CancelledError, (Broken, "the upload in parts was given up")),
)

BY_TROUBLE: dict[str, tuple[type[StorageError], str]] = {
    "Connect": _NOT_THERE,
    "Timeout": _SILENT,
    "Interrupted": _TORN,
}
"""What object_store calls a request that got no answer (its HttpErrorKind); any other is torn."""


def answer_code(error: ClientError) -> str:
    """The error code a server answered with, such as `NoSuchKey`."""
    return str(error.response.get("Error", {}).get("Code", ""))


def answer_status(error: ClientError) -> int:
    """The HTTP status a server answered with; 0 when unknown."""
    return int(error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0))


def storage_error(error: Exception, place: str) -> StorageError:
    """The storage's word for what happened at `place`, an s3:// address."""
    if isinstance(error, ClientError):
        return answer_error(answer_code(error), answer_status(error), place)
    for kind, (meant, meaning) in BY_EXCEPTION:
        if isinstance(error, kind):
            return meant(f"{place} cannot be used: {meaning}.")
    return Broken(f"{place} cannot be used: the S3 client failed with {type(error).__name__}.")


def answer_error(code: str, status: int, place: str) -> StorageError:
    """What a server's refusal means."""
    unknown = _BUSY if status >= 500 else (Broken, "the server refused the request")
    meant, meaning = BY_CODE.get(code) or BY_STATUS.get(status) or unknown
    said = f"{code}, HTTP {status}" if code and code != str(status) else f"HTTP {status}"
    return meant(f"{place} cannot be used: {meaning} ({said}).")


def lies_elsewhere(code: str, status: int) -> bool:
    """Whether a server says that the bucket is in another region, where boto3 follows it."""
    return _REGION in (BY_CODE.get(code), BY_STATUS.get(status))


def trouble_error(kind: str, place: str) -> StorageError:
    """What it means that a request got no answer."""
    meant, meaning = BY_TROUBLE.get(kind, _TORN)
    return meant(f"{place} cannot be used: {meaning}.")
