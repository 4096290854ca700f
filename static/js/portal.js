/* What pages can do better with a script. Every page works without it.
   Strict Content-Security-Policy: no inline handlers, no styles set from here, same origin only. */
"use strict";

const all = (selector, root = document) => [...root.querySelectorAll(selector)];
const first = (selector, root = document) => root.querySelector(selector);

/* Going back ----------------------------------------------------------------------------------
   A browser may put a page back on screen from memory without asking the server, even one marked
   no-store. SECURITY: such a page could show a card after log-out, so it is hidden when it goes
   to memory and asked for anew when it comes back. */

// Without the fragment, so that it is a request and not a jump; GET, so nothing is sent twice.
const reload = () => location.replace(location.pathname + location.search);

window.addEventListener("pagehide", (event) => {
  if (event.persisted) document.body.hidden = true;
});
window.addEventListener("pageshow", (event) => {
  if (event.persisted) reload();
});

/* Sending twice ------------------------------------------------------------------------------- */

const DOUBLE_CLICK_MS = 10_000;

for (const form of all("form[data-once]")) {
  let sentAt = -Infinity;
  form.addEventListener("submit", (event) => {
    if (event.timeStamp - sentAt < DOUBLE_CLICK_MS) {
      event.preventDefault();
      return;
    }
    sentAt = event.timeStamp;
    const line = first("[data-busy-line]", form);
    if (line) line.textContent = form.dataset.busy;
  });
}

/* Waiting in line ------------------------------------------------------------------------------ */

for (const form of all("form[data-again]")) {
  for (const line of all("[data-without-script]")) line.hidden = true;
  for (const line of all("[data-with-script]")) line.hidden = false;
  setTimeout(() => form.requestSubmit(), 1000 * Number(form.dataset.again));
}

/* Password ------------------------------------------------------------------------------------ */

for (const input of all(".with-toggle input")) {
  const toggle = document.createElement("button");
  toggle.type = "button";
  toggle.className = "button button-outline";
  const rest = document.createElement("span");
  rest.className = "vh";
  rest.textContent = " password";
  toggle.append("Show", rest);
  toggle.setAttribute("aria-pressed", "false");
  toggle.setAttribute("aria-controls", input.id);
  input.after(toggle);
  const show = (shown) => {
    input.type = shown ? "text" : "password";
    toggle.setAttribute("aria-pressed", String(shown));
  };
  toggle.addEventListener("click", () => show(input.type === "password"));
  // SECURITY: a browser offers to remember what stands in a text field.
  input.form.addEventListener("submit", () => show(false));
}

/* Menus that lie over the page ---------------------------------------------------------------- */

for (const menu of all("details[data-dropdown]")) {
  menu.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || !menu.open) return;
    menu.open = false;
    first("summary", menu).focus();
  });
  document.addEventListener("click", (event) => {
    if (!menu.contains(event.target)) menu.open = false;
  });
}

/* Keeping the card ---------------------------------------------------------------------------- */

const printLink = first("[data-print]");

if (printLink) {
  // Without a script this is a link to the PDF; with one it does something here, so: a button.
  const print = document.createElement("button");
  print.type = "button";
  print.className = printLink.className;
  print.append(...printLink.childNodes);
  printLink.replaceWith(print);

  const onwards = first("[data-after-kept]");
  const emphasiseContinue = () => {
    print.classList.add("button-outline");
    onwards.classList.remove("button-outline");
  };
  // Also fires for the browser's own print command. Nobody can know what came out of the printer.
  // A sheet printed before the picture is there is empty: it is no copy.
  const pictureIsThere = () =>
    all(".card-sheet img").every((picture) => picture.complete && picture.naturalWidth > 0);
  window.addEventListener("beforeprint", () => {
    if (!pictureIsThere()) return;
    first("[data-kept]").value = "print";
    first("[data-print-status]").textContent =
      "The print window was opened. Check your paper before you continue.";
    emphasiseContinue();
  });
  window.addEventListener("afterprint", () => print.focus());
  print.addEventListener("click", () => {
    if (!pictureIsThere()) {
      first("[data-print-status]").textContent =
        "The card is still loading. Press Print again in a moment.";
      return;
    }
    first("[data-kept]").value = "print";
    window.print();
  });
  for (const link of all("[data-keeps]")) link.addEventListener("click", emphasiseContinue);
}

const cardPictures = all("[data-card-picture]");

for (const picture of cardPictures) {
  const explain = () => {
    if (picture.getAttribute("src")) first("[data-picture-failed]").hidden = false;
  };
  picture.addEventListener("error", explain);
  if (picture.complete && picture.naturalWidth === 0) explain();
}

/* A code that is shown for a short time (the desk) --------------------------------------------- */

const HIDDEN_TAB_MS = 30_000;

for (const box of all("[data-hide-after]")) {
  const end = Date.now() + 1000 * Number(box.dataset.hideAfter);
  const left = first("[data-hide-left]");
  let hiddenSince = null;
  let timer;
  const hide = () => {
    clearInterval(timer);
    box.textContent = box.dataset.hiddenText || "The code is no longer shown.";
    if (left) left.textContent = "";
  };
  const tick = () => {
    const seconds = Math.ceil((end - Date.now()) / 1000);
    const away = hiddenSince !== null && Date.now() - hiddenSince > HIDDEN_TAB_MS;
    if (seconds <= 0 || away) hide();
    else if (left) left.textContent = clock(seconds);
  };
  timer = setInterval(tick, 1000);
  tick();
  document.addEventListener("visibilitychange", () => {
    if (document.hidden) hiddenSince = Date.now();
    else {
      tick();
      hiddenSince = null;
    }
  });
  window.addEventListener("pagehide", hide);
}

function clock(seconds) {
  const two = (number) => String(number).padStart(2, "0");
  return `${two(Math.floor(seconds / 60))}:${two(seconds % 60)}`;
}

/* Time-out -------------------------------------------------------------------------------------
   The server ends the session; this only warns in time and clears the screen. Only requests keep
   a session alive, so a click or a key in the page is no sign of life. All tabs share one clock:
   the latest request of any of them counts. */

function inWords(seconds) {
  const minutes = Math.floor(seconds / 60);
  const rest = seconds % 60;
  const parts = [];
  if (minutes) parts.push(`${minutes} ${minutes === 1 ? "minute" : "minutes"}`);
  if (rest || !minutes) parts.push(`${rest} ${rest === 1 ? "second" : "seconds"}`);
  return parts.join(" ");
}

function watchSession({ idleSeconds, warningSeconds, keepAliveUrl, loggedOutUrl }) {
  const dialog = first("#idle-dialog");
  const left = first("[data-idle-left]", dialog);
  const status = first("[data-idle-status]", dialog);
  const failed = first("[data-idle-failed]", dialog);
  const logout = first("form[data-logout]");
  const tabs = "BroadcastChannel" in window ? new BroadcastChannel("session") : null;
  const STEP = 30; // a screen reader is told every half minute, not every second
  let end = 0;
  let told = Infinity;
  let gone = false;

  const setEnd = (moment) => {
    if (moment <= end) return;
    end = moment;
    told = Infinity;
    status.textContent = "";
    if (dialog.open) dialog.close();
  };
  const renew = (seconds) => {
    setEnd(Date.now() + 1000 * seconds);
    tabs?.postMessage({ end });
  };
  const leave = (reason) => {
    if (gone) return;
    gone = true;
    // SECURITY: the card must not stay on an unattended screen while the next page loads.
    for (const source of all("picture source")) source.removeAttribute("srcset");
    for (const picture of cardPictures) picture.removeAttribute("src");
    for (const table of all("table.values")) table.remove();
    location.replace(`${loggedOutUrl}?r=${reason}`);
  };
  const stay = async () => {
    try {
      const answer = await fetch(keepAliveUrl, {
        method: "POST",
        headers: { "X-CSRFToken": first("[name=csrfmiddlewaretoken]", logout).value },
        redirect: "manual",
      });
      if (answer.ok) {
        failed.hidden = true;
        renew((await answer.json()).expires_in);
      } else {
        reload(); // the session is over already; the server says why
      }
    } catch {
      failed.hidden = false; // no connection: the clock runs on, and the next try may get through
    }
  };
  const tick = () => {
    const seconds = Math.ceil((end - Date.now()) / 1000);
    if (seconds <= 0) leave("idle");
    if (gone || seconds > warningSeconds) return;
    if (!dialog.open) dialog.showModal();
    left.textContent = inWords(seconds > 60 ? STEP * Math.ceil(seconds / STEP) : seconds);
    const step = STEP * Math.ceil(seconds / STEP);
    if (step < told) {
      told = step;
      status.textContent = `We will log you out in ${inWords(step)}.`;
    }
  };

  tabs?.addEventListener("message", ({ data }) => {
    if (data.left) leave("left");
    else setEnd(data.end);
  });
  dialog.addEventListener("cancel", (event) => {
    event.preventDefault(); // Escape means: stay
    stay();
  });
  first("[data-idle-stay]", dialog).addEventListener("click", stay);
  first("[data-idle-leave]", dialog).addEventListener("click", () => logout.requestSubmit());
  logout.addEventListener("submit", () => tabs?.postMessage({ left: true }));
  // A download is a request as well, but loads no page that would start the clock again.
  for (const link of all("[data-keeps]")) link.addEventListener("click", () => renew(idleSeconds));

  renew(idleSeconds);
  setInterval(tick, 1000);
  // After sleep, or in a tab in the background, timers come late: look at once.
  document.addEventListener("visibilitychange", tick);
}

const { idleSeconds, warningSeconds, keepAliveUrl, loggedOutUrl } = document.body.dataset;

if (idleSeconds) {
  watchSession({
    idleSeconds: Number(idleSeconds),
    warningSeconds: Number(warningSeconds),
    keepAliveUrl,
    loggedOutUrl,
  });
}
