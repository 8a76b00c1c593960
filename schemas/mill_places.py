"""Where a mill's parts are: its ledger, its storage and what opens that, its simulator."""

from __future__ import annotations

from pydantic import AliasChoices, Field, SecretStr

from schemas.account import ProviderVariables


class MillPlaces(ProviderVariables):
    """The settings that stand in no table of imagemill.toml, but for the log's level."""

    redis_url: SecretStr | None = Field(
        default=None,
        description="redis:// or rediss://; none: an embedded server beside the storage",
        examples=["redis://redis.example.com:6379/0"],
    )
    storage_url: str = Field(
        default="./out", description="a directory, file:// or s3://bucket/prefix"
    )
    shared_storage: bool = Field(
        default=False, description="the directory is the same on every machine"
    )
    s3_endpoint_url: str | None = Field(
        default=None,
        description="of a bucket that is not Amazon's",
        examples=["https://s3.example.com"],
    )
    s3_region: str | None = Field(
        default=None,
        description="the bucket's region",
        examples=["cn-north-1"],
        validation_alias=AliasChoices("IMAGEMILL_S3_REGION", "AWS_REGION", "AWS_DEFAULT_REGION"),
    )
    aws_access_key_id: SecretStr | None = Field(default=None, validation_alias="AWS_ACCESS_KEY_ID")
    aws_secret_access_key: SecretStr | None = Field(
        default=None, validation_alias="AWS_SECRET_ACCESS_KEY"
    )
    aws_session_token: SecretStr | None = Field(default=None, validation_alias="AWS_SESSION_TOKEN")
    ui_token: SecretStr | None = Field(
        default=None,
        description="what opens the status pages of `imagemill ui`",
        examples=["..."],
    )
    simulator_url: str | None = Field(
        default=None,
        description="where rehearsals are ordered: the simulator's origin",
        examples=["http://127.0.0.1:8800"],
    )
