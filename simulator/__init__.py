"""Stand-in image providers on a port: the real wire protocols, and no bill."""
