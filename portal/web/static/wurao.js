// Pages work without this file; it only spares people waiting and double clicks.
"use strict";

// One id per result, made on the device (the server wrote a spare one into the page).
document.querySelectorAll("input[data-device-id]").forEach((input) => {
  const key = `wurao-entry-${location.pathname}`;
  const fresh = window.crypto && crypto.randomUUID ? crypto.randomUUID() : input.value;
  try {
    input.value = sessionStorage.getItem(key) || fresh;
    sessionStorage.setItem(key, input.value);
  } catch {
    input.value = fresh;
  }
});
document.querySelectorAll("[data-entry-received]").forEach((mark) => {
  try { sessionStorage.removeItem(`wurao-entry-${mark.dataset.entryReceived}`); } catch { /* private mode */ }
});

// A second press while the first is under way does nothing; coming back makes the button usable again.
document.querySelectorAll("form[method=post]").forEach((form) => {
  form.addEventListener("submit", (event) => {
    if (form.dataset.sent) { event.preventDefault(); return; }
    form.dataset.sent = "yes";
    form.querySelectorAll("button[type=submit]").forEach((button) => button.setAttribute("aria-busy", "true"));
  });
});
window.addEventListener("pageshow", () => {
  document.querySelectorAll("form[data-sent]").forEach((form) => { delete form.dataset.sent; });
});

// A background job: ask every second until it ends, then show the page anew.
const run = document.querySelector("[data-run]");
if (run) {
  const bar = run.querySelector("progress");
  const stage = run.querySelector("[data-stage]");
  const badge = document.querySelector("[data-run-state]");
  const ask = async () => {
    try {
      const answer = await fetch(run.dataset.run, { headers: { Accept: "application/json" } });
      if (!answer.ok) { location.reload(); return; }
      const now = await answer.json();
      if (now.state === "done" || now.state === "failed") { location.reload(); return; }
      bar.value = now.progress;
      badge.textContent = now.state_text;
      badge.classList.toggle("busy", now.state === "running");
      stage.textContent = now.stage || "排队中";
    } catch { /* the network is away: ask again */ }
    setTimeout(ask, 1000);
  };
  setTimeout(ask, 1000);
}

// All items: nothing found.
document.querySelectorAll("[data-all-clear]").forEach((button) => {
  button.addEventListener("click", () => {
    document.querySelectorAll("select[data-result]").forEach((select) => { select.value = "R01"; });
  });
});
