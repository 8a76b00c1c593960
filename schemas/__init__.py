"""The contract between producer, ledger, storage and worker. No network, no Redis."""
