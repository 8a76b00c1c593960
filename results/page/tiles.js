// Tiles: the pictures, one of which is the current one. Only its card is in the tab order, or
// thousands of pictures would be thousands of stops.
const main = one("main.cards");
const cards = all(".card");
const tiles = all(".tile");
let shownTiles = tiles;
let shownCards = cards;
let current = null;

const cardOf = (tile) => tile.closest(".card");
const tilesOf = (card) => all(".tile", card);
// What takes the focus: the link to a picture, or the place where there is none.
const handleOf = (tile) => one(".picture", tile) || tile;
const hasPicture = (tile) => tile.dataset.image !== "";

// A picture is known by its file, whose name says the revision; a row without one by its own.
const keyOf = (tile) => {
  const { id, revision } = cardOf(tile).dataset;
  return hasPicture(tile) ? tile.dataset.image : `row ${revision} ${id}`;
};

const nameOf = (tile) => {
  const card = cardOf(tile);
  const several = tilesOf(card).length > 1;
  return several ? `${card.dataset.id} (${tile.dataset.index})` : card.dataset.id;
};

const promptOf = (card) => {
  const said = one(".prompt .text", card) || one("p.prompt", card);
  return said ? said.textContent : "";
};

const setStops = (card, stop) => {
  for (const element of card.querySelectorAll("a, button, summary, .tile.none")) {
    element.tabIndex = stop ? 0 : -1;
  }
};

const labelled = (element, name) => {
  element.setAttribute("role", "group");
  element.setAttribute("aria-label", name);
};

const makeCurrent = (tile) => {
  const before = current && cardOf(current);
  current = tile;
  const now = tile && cardOf(tile);
  if (before === now) return;
  if (before) setStops(before, false);
  if (now) setStops(now, true);
};

const focusOn = (tile) => {
  makeCurrent(tile);
  handleOf(tile).focus({ preventScroll: true });
  tile.scrollIntoView({ block: "nearest" });
};

const columnCount = () => getComputedStyle(main).gridTemplateColumns.split(" ").length;

// The card some rows away that has a tile, in the same column.
const cardAt = (card, step) => {
  let place = shownCards.indexOf(card) + step;
  while (shownCards[place] && !one(".tile", shownCards[place])) place += step;
  return shownCards[place];
};

const tileTowards = (key) => {
  const place = shownTiles.indexOf(current);
  switch (key) {
    case "ArrowLeft": return shownTiles[place - 1];
    case "ArrowRight": return shownTiles[place + 1];
    case "Home": return shownTiles[0];
    case "End": return shownTiles[shownTiles.length - 1];
    default: {
      const step = columnCount() * (key === "ArrowUp" ? -1 : 1);
      const target = cardAt(cardOf(current), step);
      if (!target) return undefined;
      const there = tilesOf(target);
      const beside = tilesOf(cardOf(current)).indexOf(current);
      return there[Math.min(beside, there.length - 1)];
    }
  }
};

const prepareTiles = () => {
  const deciding = one("template.deciding").content.firstElementChild;
  for (const tile of tiles) {
    const controls = deciding.cloneNode(true);
    labelled(controls, nameOf(tile));
    if (!hasPicture(tile)) {
      labelled(tile, nameOf(tile));
      for (const button of all("[data-do=approve], [data-do=reject]", controls)) button.remove();
    }
    tile.append(controls);
  }
  // A card without a tile never is the current one, and keeps its stops.
  for (const card of cards) if (one(".tile", card)) setStops(card, false);
};

main.addEventListener("focusin", ({ target }) => {
  const card = target.closest(".card"), tile = target.closest(".tile");
  if (!card || (!tile && current && cardOf(current) === card)) return;
  const meant = tile || one(".tile", card);
  if (meant) makeCurrent(meant);
});
