// Keys. Letters act only while a picture has the focus or is seen large, so that they disturb
// nobody who dictates or types.
const keysSheet = one(".keys");
const DO = { a: "approve", r: "reject", x: "reroll", n: "note", z: "back", "/": "search", "?": "keys" };
const MOVES = ["ArrowLeft", "ArrowRight", "ArrowUp", "ArrowDown", "Home", "End"];

// On a keyboard without Latin letters, the key in the letter's place.
const letterOf = ({ key, code }) => {
  const latin = key.length === 1 && key.charCodeAt(0) < 128;
  return latin ? key.toLowerCase() : code.replace(/^Key/, "").toLowerCase();
};

const act = (tile, what) => {
  if (what === "note") return takeNote(tile);
  return decide(tile, what);
};

const goOn = () => {
  if (viewer.open) return showBeside(1);
  const next = tileTowards("ArrowRight");
  return next && focusOn(next);
};

const showKeys = () => keysSheet.showModal();

const press = (tile, what) => {
  if (what === "search") return viewer.open ? undefined : search.focus();
  if (what === "keys") return showKeys();
  if (what === "back") {
    const changed = takeBack();
    if (!changed) return undefined;
    return viewer.open ? viewable(changed) && showLarge(changed) : focusOn(changed);
  }
  const decidedNow = act(tile, what);
  if (decidedNow === true) goOn();
  return undefined;
};

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
  if (noting.open || keysSheet.open || event.target.closest("input, textarea, select")) return;
  const inCards = main.contains(event.target) && current;
  if (!viewer.open && !inCards) {
    if (event.target !== document.body || !/^Arrow(Left|Right)$/.test(event.key) || !current) return;
    event.preventDefault();
    focusOn(current);
    return;
  }
  if (MOVES.includes(event.key)) {
    move(event);
    return;
  }
  const what = DO[letterOf(event)];
  if (!what) return;
  event.preventDefault();
  press(viewer.open ? viewed : current, what);
});

const move = (event) => {
  if (viewer.open) {
    if (event.key === "ArrowLeft") showBeside(-1);
    if (event.key === "ArrowRight") showBeside(1);
    return;
  }
  event.preventDefault();
  const next = tileTowards(event.key);
  if (next) focusOn(next);
};

// Buttons decide too; whoever uses them stays where they are.
document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-do]");
  if (!button) return;
  const tile = button.closest(".tile") || viewed;
  makeCurrent(tile);
  act(tile, button.dataset.do);
});
one(".keys-button").addEventListener("click", showKeys);
one(".leave", keysSheet).addEventListener("click", () => keysSheet.close());
for (const button of all(".language button")) {
  button.addEventListener("click", () => {
    remember(LANGUAGE, button.lang);
    speak(button.lang);
  });
}

// And everything begins.
const { batch } = document.body.dataset;
one(".reroll-command").textContent = `imagemill reroll ${batch} review.csv`;
one(".approved-command").textContent = `imagemill results ${batch} --approved review.csv`;
one(".reviewing").hidden = tiles.length === 0;
prepareTiles();
for (const [key, text] of recallAll()) readEntry(key, text);
listModels();
whenSpoken.push(paintAll);
root.classList.add("scripted");
const remembered = all(".language button").find(({ lang }) => lang === recall(LANGUAGE));
const usual = navigator.language.startsWith("zh") ? "zh-Hans" : "en";
speak(remembered ? remembered.lang : usual);
countDecisions();
show();
