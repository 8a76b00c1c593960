// Notes: why, and for a reroll with which prompt.
const noting = one(".noting");
const noteText = one(".note-text", noting);
const promptText = one(".prompt-text", noting);
let noted = null;

const takeNote = (tile) => {
  const card = cardOf(tile);
  noted = tile;
  one("h2", noting).textContent = nameOf(tile);
  noteText.value = entryOf(tile).note;
  promptText.value = newPromptOf(card) || promptOf(card);
  one(".rewording", noting).hidden = !promptOf(card);
  noting.showModal();
  noteText.focus();
};

const saveNote = () => {
  const card = cardOf(noted), before = entryOf(noted), written = promptText.value.trim();
  const prompt = written === promptOf(card).trim() ? "" : written;
  // A prompt nobody draws with would be lost.
  const decision = prompt && prompt !== newPromptOf(card) ? "reroll" : before.decision;
  const note = noteText.value.trim();
  if (note !== before.note || prompt !== newPromptOf(card)) change(noted, { decision, note }, prompt);
  noting.close();
};

one(".save", noting).addEventListener("click", saveNote);
one(".leave", noting).addEventListener("click", () => noting.close());
noting.addEventListener("keydown", (event) => {
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) saveNote();
});
