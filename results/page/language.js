// Language: every text stands beside its translation, in the markup (data-other) or here.
const one = (selector, within = document) => within.querySelector(selector);
const all = (selector, within = document) => [...within.querySelectorAll(selector)];
const root = document.documentElement;

const say = (english, chinese) => (root.lang === "en" ? english : chinese);

// Called after each change of the language, to say anew what was said here.
const whenSpoken = [];

const PLACES = {
  "data-other": null,
  "data-other-label": "aria-label",
  "data-other-title": "title",
  "data-other-placeholder": "placeholder",
};

// What is said and what could be said change places, so that doing it twice changes nothing.
const exchangeLanguages = () => {
  for (const [store, attribute] of Object.entries(PLACES)) {
    for (const element of document.querySelectorAll(`[${store}]`)) {
      const other = element.getAttribute(store);
      element.setAttribute(store, attribute ? element.getAttribute(attribute) : element.textContent);
      if (attribute) element.setAttribute(attribute, other);
      else element.textContent = other;
    }
  }
};

const speak = (language) => {
  if (language !== root.lang) {
    root.lang = language;
    exchangeLanguages();
  }
  for (const button of all(".language button")) {
    button.setAttribute("aria-pressed", String(button.lang === language));
  }
  for (const told of whenSpoken) told();
};
