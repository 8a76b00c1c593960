"""What goes wrong on the user's side, as sentences for the user."""

from __future__ import annotations


class ProducerError(Exception):
    """A sentence for the user, and the exit code that goes with it."""

    exit_code = 1


class ManifestError(ProducerError):
    """The manifest as a whole, or what the command line says of it, cannot be used."""

    exit_code = 3


class OptionError(ManifestError):
    """An option of the command line fits no row, whatever the manifest says."""

    exit_code = 2
