// Filters: by status, decision, model and text. A card shows when one of its pictures fits.
const statusButtons = all(".filters button");
const decisionButtons = all(".decisions button");
const models = one(".models");
const search = one(".search input");
const words = new Map();
let wantedState = "";
let wantedDecision = "";

// Read at the first search only: a page of thousands of cards should open at once.
const wordsOf = (card) => {
  if (!words.has(card)) words.set(card, `${card.dataset.id}\n${promptOf(card)}`.toLowerCase());
  const notes = one(".notes", card);
  return notes ? `${words.get(card)}\n${notes.textContent.toLowerCase()}` : words.get(card);
};

// What a picture counts as; where there is none, nothing is open.
const decisionOf = (tile) => tile.dataset.decision || (hasPicture(tile) ? "open" : "");

// A status, or what the quality gate marked.
const hasState = (card) =>
  card.dataset.state === wantedState || (wantedState === "flawed" && "flawed" in card.dataset);

const hasDecision = (card) => {
  if (!wantedDecision) return true;
  return tilesOf(card).some((tile) => decisionOf(tile) === wantedDecision);
};

const show = () => {
  const asked = search.value.trim().toLowerCase().split(/\s+/).filter(Boolean);
  shownCards = [];
  for (const card of cards) {
    const fits = (!wantedState || hasState(card))
      && (!models.value || card.dataset.model === models.value)
      && hasDecision(card)
      && asked.every((word) => wordsOf(card).includes(word));
    card.hidden = !fits;
    if (fits) shownCards.push(card);
  }
  shownTiles = shownCards.flatMap(tilesOf);
  for (const button of statusButtons) {
    button.setAttribute("aria-pressed", String(button.dataset.state === wantedState));
  }
  for (const button of decisionButtons) {
    button.setAttribute("aria-pressed", String(button.dataset.decision === wantedDecision));
  }
  if (!current || !shownTiles.includes(current)) makeCurrent(shownTiles[0] || null);
  one(".empty").hidden = shownCards.length > 0 || cards.length === 0;
  sayShown();
};

const sayShown = () => {
  const narrowed = shownCards.length < cards.length;
  one(".search output").textContent = narrowed
    ? say(`${shownCards.length} shown`, `显示 ${shownCards.length} 项`) : "";
};

// How many pictures have which decision.
const countDecisions = () => {
  const counts = { open: 0, approve: 0, reject: 0, reroll: 0, "": 0 };
  for (const tile of tiles) counts[decisionOf(tile)] += 1;
  for (const button of decisionButtons) {
    one(".count", button).textContent = counts[button.dataset.decision].toLocaleString("en");
  }
};

const listModels = () => {
  const counts = new Map();
  for (const { dataset } of cards) counts.set(dataset.model, (counts.get(dataset.model) || 0) + 1);
  for (const [model, count] of [...counts].sort()) {
    models.append(new Option(`${model} (${count.toLocaleString("en")})`, model));
  }
  models.hidden = counts.size < 2;
};

for (const button of statusButtons) {
  button.addEventListener("click", () => {
    wantedState = button.dataset.state === wantedState ? "" : button.dataset.state;
    show();
  });
}
for (const button of decisionButtons) {
  button.addEventListener("click", () => {
    wantedDecision = button.dataset.decision === wantedDecision ? "" : button.dataset.decision;
    show();
  });
}
models.addEventListener("change", show);
search.addEventListener("input", show);
one(".clear").addEventListener("click", () => {
  wantedState = wantedDecision = models.value = search.value = "";
  show();
  search.focus();
});
whenSpoken.push(sayShown);
whenDecided.push(countDecisions);
