/* What the desk's pages can do better with a script. Every page works without it.
   After portal.js, whose `first` and `all` it uses. */
"use strict";

/* The search, by one key ------------------------------------------------------------------------
   Switched off where somebody speaks to the computer, whose words must not press keys
   (WCAG 2.1.4); the browser remembers that. */

const SHORTCUT_OFF = "desk-shortcut-off";
const searchField = first("[data-desk-search]");
const shortcutSwitch = first("[data-shortcut-switch]");
let shortcutIsOn = localStorage.getItem(SHORTCUT_OFF) === null;

const TYPED_INTO = "input:not([type=checkbox], [type=radio]), textarea, select";
const isTyping = (element) => element.isContentEditable || element.matches(TYPED_INTO);

document.addEventListener("keydown", (event) => {
  if (event.key !== "/" || event.ctrlKey || event.altKey || event.metaKey) return;
  if (!shortcutIsOn || !searchField || isTyping(event.target)) return;
  event.preventDefault();
  searchField.focus();
  searchField.select();
});

if (shortcutSwitch && searchField) {
  const box = first("input", shortcutSwitch);
  box.checked = shortcutIsOn;
  box.addEventListener("change", () => {
    shortcutIsOn = box.checked;
    if (shortcutIsOn) localStorage.removeItem(SHORTCUT_OFF);
    else localStorage.setItem(SHORTCUT_OFF, "1");
  });
  shortcutSwitch.hidden = false;
}

/* Live status -----------------------------------------------------------------------------------
   Asks every few seconds while somebody can see it. It is no sign of life for the session, so it
   ends by itself after as long as a session lives without one. */

const ASK_EVERY_MS = 4_000;
const ASK_FOR_MS = 15 * 60_000;

function follow(panel) {
  const news = first("[data-progress-news]", panel);
  const state = first("[data-progress-state]", panel);
  const endsAt = Date.now() + ASK_FOR_MS;
  const body = () => first("[data-progress-body]", panel);
  let timer = null;

  const isOver = () => "over" in body().dataset;
  const stop = (words) => {
    clearTimeout(timer);
    timer = null;
    state.textContent = words;
  };
  const put = (html) => {
    const old = body();
    const fresh = first(
      "[data-progress-body]",
      new DOMParser().parseFromString(html, "text/html"),
    );
    if (!fresh || fresh.isEqualNode(old)) return;
    const isNews = fresh.dataset.news !== old.dataset.news;
    old.replaceWith(fresh);
    if (isNews) news.textContent = fresh.dataset.news;
  };
  const ask = async () => {
    let words = "Followed every few seconds.";
    try {
      const answer = await fetch(panel.dataset.progress, { redirect: "manual" });
      if (!answer.ok) {
        stop("No longer followed: your session has ended, or a right was taken away.");
        return;
      }
      put(await answer.text());
    } catch {
      words = "No connection. Trying again."; // the next one may get through
    }
    if (document.hidden || isOver()) stop("");
    else if (Date.now() > endsAt) stop("No longer followed.");
    else {
      state.textContent = words;
      timer = setTimeout(ask, ASK_EVERY_MS);
    }
  };

  document.addEventListener("visibilitychange", () => {
    if (document.hidden) stop("");
    else if (timer === null && !isOver() && Date.now() < endsAt) ask();
  });
  if (!document.hidden && !isOver()) timer = setTimeout(ask, ASK_EVERY_MS);
}

for (const panel of all("[data-progress]")) follow(panel);
