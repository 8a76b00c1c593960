// Decisions: what becomes of each picture, and why.
const UNDECIDED = { decision: "", note: "" };
const decided = new Map(); // a tile's key -> { decision, note }
const reworded = new Map(); // a row's key -> the prompt for its reroll
const changes = []; // what puts each decision back as it was
const whenDecided = [];

const entryOf = (tile) => decided.get(keyOf(tile)) || UNDECIDED;
const rowKey = (card) => `prompt ${card.dataset.revision} ${card.dataset.id}`;
const newPromptOf = (card) => reworded.get(rowKey(card)) || "";

const DECIDED = {
  approve: ["approved", "通过"], reject: ["rejected", "不通过"],
  reroll: ["to be drawn anew", "重做"], "": ["undecided", "未审核"],
};

let telling = 0;
const tell = (text) => {
  // The viewer has a place of its own: while it is open, nothing else is seen or read aloud.
  const write = (what) => { for (const told of all(".told")) told.textContent = what; };
  write(text);
  clearTimeout(telling);
  telling = setTimeout(write, 6000, "");
};

const paintNotes = (card) => {
  const own = tilesOf(card), prompt = newPromptOf(card);
  const lines = own.filter((tile) => entryOf(tile).note)
    .map((tile) => [own.length > 1 ? `${tile.dataset.index} ` : "", entryOf(tile).note]);
  if (prompt) lines.push([say("New prompt: ", "新提示词："), prompt]);
  const before = one(".notes", card);
  if (before) before.remove();
  if (!lines.length) return;
  const notes = document.createElement("div");
  notes.className = "notes";
  for (const [title, text] of lines) {
    const line = document.createElement("p"), bold = document.createElement("b");
    bold.textContent = title;
    line.append(bold, text);
    notes.append(line);
  }
  one(".about .facts", card).before(notes);
};

const paint = (tile) => {
  const { decision, note } = entryOf(tile);
  if (decision) tile.dataset.decision = decision;
  else delete tile.dataset.decision;
  for (const button of tile.querySelectorAll("[data-do][aria-pressed]")) {
    button.setAttribute("aria-pressed", String(button.dataset.do === decision));
  }
  const said = [decision && say(...DECIDED[decision]), note].filter(Boolean).join("; ");
  if (said) handleOf(tile).setAttribute("aria-description", said);
  else handleOf(tile).removeAttribute("aria-description");
};

const writeEntry = (tile, entry) => {
  const key = keyOf(tile);
  const empty = !entry.decision && !entry.note;
  if (empty) decided.delete(key);
  else decided.set(key, entry);
  remember(MEMORY + key, empty ? null : JSON.stringify(entry));
  paint(tile);
  paintNotes(cardOf(tile));
};

const writePrompt = (card, prompt) => {
  const key = rowKey(card);
  if (prompt) reworded.set(key, prompt);
  else reworded.delete(key);
  remember(MEMORY + key, prompt || null);
  paintNotes(card);
};

// Everything a person decides comes through here, and can be taken back.
const change = (tile, entry, prompt) => {
  const card = cardOf(tile), before = entryOf(tile), promptBefore = newPromptOf(card);
  changes.push(() => {
    writeEntry(tile, before);
    writePrompt(card, promptBefore);
    return tile;
  });
  writeEntry(tile, entry);
  if (prompt !== undefined) writePrompt(card, prompt);
  for (const told of whenDecided) told(tile);
};

// Whether there is something new to go on from.
const decide = (tile, decision) => {
  if (!hasPicture(tile) && decision !== "reroll") {
    tell(say("There is no picture here; X orders it again.", "这里没有图片；按 X 重新下单。"));
    return false;
  }
  const before = entryOf(tile);
  const next = before.decision === decision ? "" : decision;
  change(tile, { ...before, decision: next });
  tell(`${nameOf(tile)}: ${say(...DECIDED[next])}`);
  return next !== "";
};

const takeBack = () => {
  const back = changes.pop();
  if (!back) return undefined;
  const tile = back();
  for (const told of whenDecided) told(tile);
  tell(`${nameOf(tile)}: ${say(...DECIDED[entryOf(tile).decision])}`);
  return tile;
};

const readEntry = (key, text) => {
  const kept = key.startsWith("prompt ") ? reworded : decided;
  if (text === null) kept.delete(key);
  else if (kept === reworded) kept.set(key, text);
  else {
    try {
      kept.set(key, { ...UNDECIDED, ...JSON.parse(text) });
    } catch {
      kept.delete(key); // somebody else wrote there
    }
  }
};

const paintAll = () => {
  for (const tile of tiles) if (decided.has(keyOf(tile)) || "decision" in tile.dataset) paint(tile);
  for (const card of cards) paintNotes(card);
};

window.addEventListener("storage", ({ key, newValue }) => {
  if (!key || !key.startsWith(MEMORY)) return;
  readEntry(key.slice(MEMORY.length), newValue);
  paintAll();
  for (const told of whenDecided) told(null);
});
