// The viewer: one picture as large as the window.
const viewer = one(".viewer");
const large = one("img", viewer);
let viewed = null;

const viewable = (tile) => one(".picture:not([download])", tile) !== null;

const showLarge = (tile) => {
  const link = one(".picture", tile), small = one("img", link), card = cardOf(tile);
  viewed = tile;
  makeCurrent(tile);
  large.onerror = () => {
    large.onerror = null;
    if (small) large.src = small.src;
  };
  large.alt = small ? small.alt : "";
  large.src = link.href;
  one(".name", viewer).textContent = `${nameOf(tile)}  ·  ${link.dataset.size}`;
  one(".said", viewer).textContent = promptOf(card);
  one(".file", viewer).href = link.href;
  sayDecision();
  if (!viewer.open) viewer.showModal();
};

const sayDecision = () => {
  if (!viewed) return;
  const { decision, note } = entryOf(viewed);
  one(".noted", viewer).textContent = note;
  for (const button of all("[data-do][aria-pressed]", viewer)) {
    button.setAttribute("aria-pressed", String(button.dataset.do === decision));
  }
};

const closeViewer = () => {
  const tile = viewed;
  viewed = null;
  large.removeAttribute("src");
  viewer.close();
  focusOn(tile);
};

// The next picture on the way, round the ends.
const showBeside = (step) => {
  const row = shownTiles.filter(viewable);
  if (!row.length) return closeViewer();
  // It may have been filtered out since.
  return showLarge(row[(row.indexOf(viewed) + step + row.length) % row.length]);
};

document.addEventListener("click", (event) => {
  const link = event.target.closest(".picture:not([download])");
  if (!link || event.ctrlKey || event.metaKey || event.shiftKey || event.button) return;
  event.preventDefault();
  showLarge(link.closest(".tile"));
});
one(".back", viewer).addEventListener("click", () => showBeside(-1));
one(".next", viewer).addEventListener("click", () => showBeside(1));
one(".close", viewer).addEventListener("click", () => closeViewer());
one(".stage", viewer).addEventListener("click", (event) => {
  if (event.target !== large) closeViewer();
});
// At once, and not when the browser comes round to saying so: the next key may be on its way.
viewer.addEventListener("cancel", () => closeViewer());
whenDecided.push(sayDecision);
