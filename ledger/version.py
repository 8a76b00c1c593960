"""The version of the ledger's records: which imagemill may read and write them.

It is raised by the release whose records an older one could not read (docs/decisions/0024). A worker
raises it as it starts; from then on older workers leave, and refuse to start.
"""

from __future__ import annotations

import redis

from ledger.errors import LedgerNewer, translated
from ledger.keys import VERSION
from ledger.scripts import Call, Scripts

LEDGER_VERSION = 1
"""Of the records that this code writes; it reads all up to this."""
UNMARKED = 1
"""Of records that say nothing: the first release wrote no version."""


class Version:
    """What the ledger says of its records."""

    def __init__(self, client: redis.Redis, scripts: Scripts) -> None:
        self._client = client
        self._scripts = scripts

    def check(self) -> None:
        """Return if this code can read the records. Raises LedgerNewer."""
        with translated():
            found = self._client.get(VERSION)
        _refuse_newer(int(str(found or UNMARKED)), LEDGER_VERSION)

    def admit(self, version: int = LEDGER_VERSION) -> None:
        """Say that a worker of that version writes here from now on. Raises LedgerNewer."""
        found = int(self._scripts.run(Call("admit_version", [VERSION], [version])))
        _refuse_newer(found, version)


def _refuse_newer(found: int, known: int) -> None:
    if found > known:
        raise LedgerNewer(
            f"The ledger has records of version {found}, and this imagemill knows versions up to"
            f" {known}: it was upgraded. Install the release that its other workers run."
        )
