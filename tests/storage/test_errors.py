"""Errors: the printed tree is the real one, and no library's exception goes unmapped."""

from __future__ import annotations

import errno
import inspect
import pickle
import re
from pathlib import Path

import pytest
from boto3.exceptions import Boto3Error
from botocore import exceptions as boto

import storage
from storage import errors, local_errors, s3_errors

CANNOT_HAPPEN: set[type[Exception]] = {
    # The base, and what only the making of a client or a resource from its model can raise.
    boto.BotoCoreError,
    boto.DataNotFoundError,
    boto.UnknownServiceError,
    boto.UnknownRegionError,
    boto.ApiVersionNotFoundError,
    boto.ServiceNotInRegionError,
    boto.UnknownServiceStyle,
    boto.UnknownClientMethodError,
    boto.UnknownEndpointResolutionBuiltInName,
    boto.UnsupportedServiceProtocolsError,
    # We use no waiters, paginators, stubs, S3 Control, and no query expressions.
    boto.WaiterError,
    boto.WaiterConfigError,
    boto.PaginationError,
    boto.OperationNotPageableError,
    boto.StubResponseError,
    boto.StubAssertionError,
    boto.UnStubbedResponseError,
    boto.UnsupportedS3ControlArnError,
    boto.UnsupportedS3ControlConfigurationError,
    boto.InvalidExpressionError,
    # Endpoint discovery of other services.
    boto.CapacityNotAvailableError,
}


def test_the_tree_in_the_docstring_is_the_tree() -> None:
    printed = re.findall(r"── (\w+)", errors.__doc__ or "")
    real = [kind.__name__ for kind in errors.StorageError.__subclasses__()]
    assert sorted(printed) == sorted(real)
    assert all(not kind.__subclasses__() for kind in errors.StorageError.__subclasses__())


def test_every_error_says_what_it_means_and_is_public() -> None:
    kinds: list[type[Exception]] = [errors.StorageError, *errors.StorageError.__subclasses__()]
    for kind in kinds:
        assert kind.__doc__
        assert kind.__name__ in storage.__all__


def test_public_names_exist() -> None:
    assert [name for name in storage.__all__ if not hasattr(storage, name)] == []


def test_every_botocore_exception_is_mapped() -> None:
    mapped = tuple(kind for kind, _ in s3_errors.BY_EXCEPTION)
    kinds: set[type[Exception]] = {
        kind
        for kind in vars(boto).values()
        if inspect.isclass(kind) and issubclass(kind, boto.BotoCoreError)
    }
    assert len(kinds) > 90
    assert {kind for kind in kinds - CANNOT_HAPPEN if not issubclass(kind, mapped)} == set()
    assert issubclass(Boto3Error, mapped)
    assert issubclass(boto.ClientError, s3_errors.S3_EXCEPTIONS)


def test_the_most_specific_exception_comes_first() -> None:
    kinds = [kind for kind, _ in s3_errors.BY_EXCEPTION]
    for place, kind in enumerate(kinds):
        assert not issubclass(kind, tuple(kinds[:place])), kind


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (boto.EndpointConnectionError(endpoint_url="u", error="e"), errors.Unreachable),
        (boto.ConnectTimeoutError(endpoint_url="u", error="e"), errors.Unreachable),
        (boto.ReadTimeoutError(endpoint_url="u", error="e"), errors.Unreachable),
        (boto.ConnectionClosedError(endpoint_url="u", error="e"), errors.Unreachable),
        (boto.SSLError(endpoint_url="u", error=OSError()), errors.Unreachable),
        (boto.IncompleteReadError(actual_bytes=1, expected_bytes=2), errors.Unreachable),
        (boto.HTTPClientError(error="e"), errors.Unreachable),
        (boto.NoCredentialsError(), errors.Denied),
        (boto.ParamValidationError(report="the-secret"), errors.Broken),
        (boto.NoRegionError(), errors.Broken),
        (boto.WaiterError(name="n", reason="r", last_response={}), errors.Broken),
    ],
)
def test_exceptions_become_storage_errors(
    error: Exception, kind: type[errors.StorageError]
) -> None:
    found = s3_errors.storage_error(error, "s3://mill/a")
    assert type(found) is kind
    assert str(found).startswith("s3://mill/a cannot be used: ")
    assert "secret" not in str(found)


def test_error_numbers_become_storage_errors() -> None:
    for number, (kind, meaning) in local_errors.BY_ERRNO.items():
        found = local_errors.storage_error(OSError(number, "x"), Path("/data/a"))
        assert type(found) is kind
        assert str(found) == f"/data/a cannot be used: {meaning}."
    other = local_errors.storage_error(OSError(errno.EFBIG, "odd"), Path("/data/a"))
    assert type(other) is errors.Broken
    assert "odd" in str(other)


def test_errors_survive_pickling() -> None:
    for kind in errors.StorageError.__subclasses__():
        copy = pickle.loads(pickle.dumps(kind("what happened")))
        assert type(copy) is kind
        assert str(copy) == "what happened"
