// Memory: decisions stay in this browser, an entry for each picture, so that two windows of one
// batch do not write over each other. The batch's name alone would not do: pages opened from disk
// share one memory, and two mills may each have a batch of that name.
const MEMORY = `imagemill ${document.body.dataset.batch} ${document.body.dataset.created} `;
const LANGUAGE = "imagemill language";
let memoryFails = false;

const remember = (name, value) => {
  try {
    if (value === null) localStorage.removeItem(name);
    else localStorage.setItem(name, value);
  } catch {
    memoryFails = true; // full, or forbidden; exchange.js asks to export before the page is left
  }
};

const recall = (name) => {
  try {
    return localStorage.getItem(name);
  } catch {
    memoryFails = true;
    return null;
  }
};

const recallAll = () => {
  try {
    return Object.keys(localStorage)
      .filter((name) => name.startsWith(MEMORY))
      .map((name) => [name.slice(MEMORY.length), localStorage.getItem(name)]);
  } catch {
    memoryFails = true;
    return [];
  }
};
