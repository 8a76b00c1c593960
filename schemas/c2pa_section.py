"""What imagemill.toml says of signing pictures."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path

from pydantic import Field, model_validator

from schemas.account import Section


class SigningAlgorithm(StrEnum):
    """What C2PA allows a signature to be made with; the certificate's key decides."""

    ES256 = "es256"
    ES384 = "es384"
    ES512 = "es512"
    PS256 = "ps256"
    PS384 = "ps384"
    PS512 = "ps512"
    ED25519 = "ed25519"


class C2paSection(Section):
    """[c2pa]: with what every stored picture is signed; nothing is where nothing is said."""

    certificate: Path | None = Field(
        default=None,
        description="PEM file: the signer's certificate, then those up to its authority",
        examples=["/etc/imagemill/shop.pem"],
    )
    key: Path | None = Field(
        default=None,
        description="PEM file: the certificate's private key",
        examples=["/etc/imagemill/shop.key"],
    )
    algorithm: SigningAlgorithm = Field(
        default=SigningAlgorithm.ES256, description="what the key is for"
    )

    @model_validator(mode="after")
    def _are_both_there(self) -> C2paSection:
        if (self.certificate is None) is not (self.key is None):
            raise ValueError("certificate and key belong together: name both files, or none")
        return self
