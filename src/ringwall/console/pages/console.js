// Renews the overview while it is looked at. Everything is readable without it.
"use strict";
const part = document.getElementById("live");
const word = document.getElementById("live-word");
if (part && word && "EventSource" in window) {
  const source = new EventSource(part.dataset.from);
  const say = (text) => { word.textContent = text; };
  source.addEventListener("overview", (event) => {
    // whoever reads with the keyboard, has text selected or something open is not disturbed
    const busy = part.contains(document.activeElement) || String(window.getSelection()) !== "" ||
      part.querySelector("details[open]");
    if (busy || document.hidden) { return; }
    const made = new DOMParser().parseFromString(event.data, "text/html");
    part.replaceChildren(...made.body.childNodes);
    say(`Live, as of ${new Date().toLocaleTimeString()}`);
  });
  source.addEventListener("error", () => {
    if (source.readyState === EventSource.CLOSED) { say("No longer live: load the page again"); }
  });
}
