"""On the path of the commands that tests start: what only tests need is not there for them.

The vendor's SDK, a witness of the simulator, brings OpenTelemetry, which redis-py imports wherever
it finds it: a fifth of a command's start. Who installs imagemill has neither.
"""

import sys

sys.modules["opentelemetry"] = None  # type: ignore[assignment] # as Python marks what cannot be imported
