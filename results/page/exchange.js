// Exchange: decisions leave as review.csv, and come in from one.
let exported = true;

const reviewRows = () => tiles
  .filter((tile) => decided.has(keyOf(tile)))
  .map((tile) => {
    const card = cardOf(tile), { decision, note } = entryOf(tile);
    const prompt = decision === "reroll" ? newPromptOf(card) : "";
    return [card.dataset.id, tile.dataset.image, decision, note, prompt];
  });

const lineCount = (count) => `${count} line${count === 1 ? "" : "s"}`;

const exportReview = () => {
  const rows = reviewRows();
  if (!rows.length) return tell(say("Nothing is decided yet.", "还没有审核任何图片。"));
  const file = new Blob([csvText(rows)], { type: "text/csv;charset=utf-8" });
  const link = document.createElement("a");
  link.href = URL.createObjectURL(file);
  link.download = "review.csv";
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
  exported = true;
  // What is left of a row without a picture anybody wants is for `reroll` to say, too.
  const isRejected = (tile) => entryOf(tile).decision === "reject";
  const rerolls = rows.some(([, , decision]) => decision === "reroll")
    || cards.some((card) => one(".tile", card) && tilesOf(card).every(isRejected));
  const next = one(rerolls ? ".reroll-command" : ".approved-command").textContent;
  return tell(say(`review.csv: ${lineCount(rows.length)}. Next: ${next}`,
    `review.csv：${rows.length} 行。下一步：${next}`));
};

const fileName = (place) => place.split("?")[0].split(/[/\\]/).pop().normalize("NFC");

const importReview = async (file) => {
  const lines = parseReview(decoded(await file.arrayBuffer()));
  if (!lines) return tell(say(`${file.name} is no review.csv.`, `${file.name} 不是 review.csv。`));
  const byImage = new Map(tiles.map((tile) => [fileName(tile.dataset.image), tile]));
  const byRow = new Map(cards.map((card) => [card.dataset.id.normalize("NFC"), card]));
  let taken = 0, strange = 0;
  for (const line of lines) {
    if (!line.decision && !line.note) continue;
    const decision = DECISIONS[line.decision.toLowerCase()] || "";
    const card = byRow.get(line.id.normalize("NFC"));
    const named = line.image.split(" | ").map((place) => byImage.get(fileName(place)));
    const meant = line.image ? named : card ? tilesOf(card) : [];
    const found = meant.filter((tile) => tile && (hasPicture(tile) || decision === "reroll"));
    if (!found.length || (line.decision && !decision)) {
      strange += 1;
      continue;
    }
    taken += 1;
    for (const tile of found) {
      writeEntry(tile, { decision, note: line.note });
      if (decision !== "reroll") continue;
      const prompt = line.prompt === promptOf(cardOf(tile)) ? "" : line.prompt;
      writePrompt(cardOf(tile), prompt);
    }
  }
  changes.length = 0;
  for (const told of whenDecided) told(null);
  const strangers = `${strange} ${strange === 1 ? "is" : "are"} not of this page`;
  return tell(say(`${lineCount(taken)} taken over, ${strangers}.`,
    `已导入 ${taken} 行，${strange} 行不属于本页。`));
};

one(".export").addEventListener("click", exportReview);
one(".import input").addEventListener("change", ({ target }) => {
  if (target.files.length) importReview(target.files[0]);
  target.value = ""; // the same file may be chosen again
});
let warned = false;
whenDecided.push(() => {
  exported = false;
  if (!memoryFails || warned) return;
  warned = true;
  // After what is said of the decision itself.
  setTimeout(() => tell(say("This browser keeps nothing: export before you leave the page.",
    "此浏览器无法保存审核结果：离开前请先导出。")));
});
window.addEventListener("beforeunload", (event) => {
  if (memoryFails && !exported) event.preventDefault();
});
