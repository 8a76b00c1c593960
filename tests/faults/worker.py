"""A real worker process whose tools pass labelled points: `labelled FOLDER`."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

from schemas import queues
from schemas.settings import load_settings
from tests.faults.labelled_ledger import labelled_ledger
from tests.faults.labelled_providers import LabelledProviders
from tests.faults.labelled_storage import labelled_storage
from tests.faults.tripwire import Tripwire
from worker.__main__ import _arguments
from worker.bootstrap import make_worker
from worker.logbook import keep_logbook
from worker.tools import Tools


def labelled() -> None:
    """Work until SIGTERM, armed with the faults that lie in the folder in `sys.argv`."""
    folder = Path(sys.argv[1])
    settings = load_settings()
    keep_logbook(settings.log_level)
    tripwire = Tripwire(folder)

    def with_labels(tools: Tools) -> Tools:
        return replace(
            tools,
            ledger=labelled_ledger(tools.ledger, tripwire),
            storage=labelled_storage(tools.storage, tripwire),
            providers=LabelledProviders(tools.providers, settings.worker.concurrency, tripwire),
        )

    process = make_worker(settings, with_labels)
    process.app.worker_main(_arguments(settings, ",".join(queues.QUEUES)))
