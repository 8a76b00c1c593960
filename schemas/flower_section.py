"""What imagemill.toml says of Flower, the web view of the queues."""

from __future__ import annotations

from pydantic import Field, field_validator

from schemas.account import Section


class FlowerSection(Section):
    """Where Flower is, and what it may do; its password is IMAGEMILL_FLOWER_PASSWORD."""

    listen: str = Field(
        default="127.0.0.1", min_length=1, description="the address; elsewhere put TLS before it"
    )
    port: int = Field(default=5555, ge=0, le=65535, description="0: a free one")
    user: str = Field(default="imagemill", min_length=1, description="who logs in")
    read_only: bool = Field(
        default=True, description="false: whoever logs in may stop workers and send tasks"
    )
    directory: str = Field(
        default="./flower-memory",
        min_length=1,
        description="where it remembers tasks; nobody else's",
    )
    tasks: int = Field(default=10_000, ge=1, le=1_000_000, description="how many it remembers")

    @field_validator("user")
    @classmethod
    def _has_no_colon(cls, user: str) -> str:
        if ":" in user or not user.isascii():
            raise ValueError("write ASCII without a colon: browsers send user:password")
        return user
