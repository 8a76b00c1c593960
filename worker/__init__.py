"""The Celery workers: dispatcher, steps, provider clients, retry policy."""
