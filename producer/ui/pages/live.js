// Fetches the page anew and puts in what has changed. Without it the page reloads itself.
"use strict";

const note = document.querySelector(".stale");

const takeOver = (fresh) => {
  for (const part of document.querySelectorAll("[data-live]")) {
    const newer = fresh.getElementById(part.id);
    if (newer && !newer.isEqualNode(part)) part.replaceWith(document.adoptNode(newer));
  }
};

const look = async () => {
  if (document.hidden) return;
  try {
    const answer = await fetch(location.href, { redirect: "manual", cache: "no-store" });
    if (answer.type === "opaqueredirect") return location.reload(); // signed out meanwhile
    if (!answer.ok) throw new Error(String(answer.status));
    takeOver(new DOMParser().parseFromString(await answer.text(), "text/html"));
    note.hidden = true;
  } catch {
    note.hidden = false; // it is tried again
  }
};

const waitThenLook = () => {
  const seconds = Number(document.getElementById("every").dataset.seconds);
  setTimeout(async () => {
    await look();
    waitThenLook();
  }, seconds * 1000);
};

waitThenLook();
