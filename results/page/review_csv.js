// review.csv: written as spreadsheets open it without asking, and read however they saved it.
const COLUMNS = ["id", "image", "decision", "note", "prompt"];
const ALIASES = {
  id: [
    "mill_ordered_as", "ordered_as", // in results.csv, where a row makes several orders
    "id", "sku", "custom_id", "product_id", "external_id", "row_id", "商品编码", "sku_id", "item_id",
    "item_number", "product_code", "product_number", "article_number", "barcode", "ean", "gtin", "upc",
    "商品编号", "产品编码", "产品编号", "货号", "款号", "编号", "sku编码", "条码", "条形码", "商品条码",
  ],
  image: ["mill_images", "images", "image", "picture", "file", "图片"],
  decision: ["decision", "决定", "审核"],
  note: ["note", "notes", "备注"],
  prompt: ["prompt", "提示词", "文案"],
};
const DECISIONS = {
  approve: "approve", approved: "approve", "通过": "approve",
  reject: "reject", rejected: "reject", "不通过": "reject",
  reroll: "reroll", redo: "reroll", "重做": "reroll",
};
const BYTE_ORDER_MARK = "\ufeff";

// A spreadsheet would run what begins like this; numbers stay numbers.
const FORMULA = /^'*[=+\-@\t\r\n＝＋－＠]/;
const NUMBER = /^[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?$/;
const guarded = (text) => (FORMULA.test(text) && !NUMBER.test(text) ? `'${text}` : text);
const unguarded = (text) => (text.startsWith("'") && FORMULA.test(text) ? text.slice(1) : text);

const csvCell = (text) => {
  const safe = guarded(text);
  return /[",;\t\r\n]|^\s|\s$/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
};

const csvText = (rows) =>
  BYTE_ORDER_MARK + [COLUMNS, ...rows].map((row) => row.map(csvCell).join(",") + "\r\n").join("");

const csvRecords = (text, delimiter) => {
  const records = [];
  let cells = [], cell = "", quoted = false;
  for (let place = 0; place < text.length; place += 1) {
    const mark = text[place];
    if (quoted) {
      if (mark !== '"') cell += mark;
      else if (text[place + 1] === '"') { cell += mark; place += 1; }
      else quoted = false;
    } else if (mark === '"' && cell === "") quoted = true;
    else if (mark === delimiter) { cells.push(cell); cell = ""; }
    else if (mark === "\n" || mark === "\r") {
      if (mark === "\r" && text[place + 1] === "\n") place += 1;
      records.push([...cells, cell]);
      cells = []; cell = "";
    } else cell += mark;
  }
  if (cell || cells.length) records.push([...cells, cell]);
  return records.filter((record) => record.some((value) => value.trim()));
};

const columnsOf = (header) => {
  const names = header.map((name) => name.trim().toLowerCase().replace(/[\s_-]+/g, "_"));
  const places = COLUMNS.map((column) => {
    const alias = ALIASES[column].find((name) => names.includes(name));
    return [column, alias === undefined ? -1 : names.indexOf(alias)];
  });
  const found = Object.fromEntries(places);
  // In results.csv it is what the manifest says, of which a template may have made another.
  if (["status", "images"].every((name) => names.includes(name) || names.includes(`mill_${name}`))) {
    found.prompt = -1;
  }
  return found;
};

// The lines as objects; null for what is no review.
const parseReview = (text) => {
  const plain = text.startsWith(BYTE_ORDER_MARK) ? text.slice(1) : text;
  for (const delimiter of [",", ";", "\t"]) {
    const [header, ...records] = csvRecords(plain, delimiter);
    const places = header ? columnsOf(header) : {};
    if (!(places.decision >= 0) || (places.id < 0 && places.image < 0)) continue;
    return records.map((cells) => Object.fromEntries(COLUMNS.map(
      (column) => [column, unguarded(cells[places[column]] ?? "").trim()])));
  }
  return null;
};

// Spreadsheets save in UTF-8 with or without its mark, in UTF-16, or in China in GB18030.
const decoded = (bytes) => {
  const [first, second] = new Uint8Array(bytes);
  if (first === 0xff && second === 0xfe) return new TextDecoder("utf-16le").decode(bytes);
  if (first === 0xfe && second === 0xff) return new TextDecoder("utf-16be").decode(bytes);
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    return new TextDecoder("gb18030").decode(bytes);
  }
};
