"""A shop's program orders pictures, without the command line, and puts them where it wants them.

    python examples/shop.py [FOLDER]

Its rows come from a database; here they are a list. It orders from the simulator, without key or
cost, and works on one machine: where IMAGEMILL_REDIS_URL names a server, leave out `simulate`, and
workers draw. Run it twice: nothing is ordered twice.
"""

from __future__ import annotations

import sys
from pathlib import Path

from producer import Batch, BatchStatus, ProducerError, RowsRefused, submit

PRODUCTS: list[dict[str, object]] = [
    {"sku": "MUG-1", "prompt": "a sage stoneware mug on an oak table", "n": 2},
    {"sku": "MUG-2", "prompt": "一只青瓷茶杯，商品摄影"},
    {"sku": "JUG-1", "prompt": "a glass jug of lemonade in the sun"},
]


def order() -> Batch:
    """Hand the products in, under a name of the shop's own."""
    batch = submit(PRODUCTS, model="wanx-v1", batch="shop-autumn", budget="5CNY", simulate=True)
    print(batch.said)
    print(f"{batch.name} is {'new' if batch.new else 'there already'}.")
    return batch


def show(status: BatchStatus) -> None:
    """How far it is."""
    print(f"{status.ended} of {status.total} products, {status.cost} {status.currency}")


def take(batch: Batch, shelf: Path) -> int:
    """Put each picture where the shop keeps it; how many products have all of theirs."""
    shelf.mkdir(parents=True, exist_ok=True)
    complete = 0
    with batch:  # one connection for all that is read
        for result in batch.results():
            for image in result.images:
                ending = Path(image.key).suffix
                (shelf / f"{result.id}-{image.index}{ending}").write_bytes(batch.read(image))
            for failure in result.failures:
                print(f"{result.id}: {failure.message}")
            complete += len(result.images) == result.n
    return complete


def main() -> None:
    """Order, wait, take."""
    shelf = Path(sys.argv[1] if len(sys.argv) > 1 else "shelf")
    try:
        batch = order()
        batch.wait(progress=show)
        complete = take(batch, shelf)
    except RowsRefused as error:
        for problem in error.problems:
            print(f"product {problem.line}, {problem.column}: {problem.reason}")
        sys.exit(3)
    except ProducerError as error:  # every other error of imagemill's, as a sentence
        sys.exit(str(error))
    print(f"{complete} of {len(PRODUCTS)} products have their pictures in {shelf}.")


if __name__ == "__main__":
    main()
