"""Redis: lanes, agenda, claims, window, buckets, batches. One .lua file per script."""
