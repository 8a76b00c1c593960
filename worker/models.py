"""The models a worker can order from: the catalogue, its user's own, and those nobody lists."""

from __future__ import annotations

from ledger.lanes import Lanes
from schemas.catalogue import Catalogue, UnknownModel
from schemas.lane import Lane
from schemas.model import Model
from schemas.unlisted import Unlisted


class Models:
    """Finds a lane's model; many threads ask at once."""

    def __init__(self, catalogue: Catalogue, lanes: Lanes) -> None:
        self._catalogue = catalogue
        self._lanes = lanes

    def find(self, lane: Lane) -> Model:
        """The lane's model, also one that whoever handed it in described. Raises UnknownModel."""
        try:
            return self._catalogue.find(lane.model, lane.provider)
        except UnknownModel:
            said = self._lanes.unlisted(str(lane))
            if said is None:
                raise
        unlisted = Unlisted.model_validate_json(said)
        return unlisted.model(lane.model, self._catalogue.find(unlisted.like, lane.provider))
