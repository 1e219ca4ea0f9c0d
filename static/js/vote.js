// A vote without leaving the page: each choice is saved at once, and the server's answer replaces it. A choice that
// could not be saved stays selected and marked, and its button comes back to try again.

const REST = 300; // ms: somebody who moves through the choices with the arrow keys saves the one where they stop
const resting = new Map(); // forms whose choice is not sent yet, with their timers
const saving = new Set();
const again = new Map(); // forms whose choice changed while the one before was on its way, with the button pressed

function request(form, button, keepalive = false) {
  return fetch(form.getAttribute("action"), {
    method: "POST",
    headers: { Accept: "application/problem+json", "X-Fragment": "vote" },
    body: new URLSearchParams(new FormData(form, button)),
    keepalive,
  });
}

async function send(form, button) {
  const answer = await request(form, button);
  if (!answer.ok) throw new Refusal((await answer.json()).detail);
  const holder = document.createElement("template");
  holder.innerHTML = await answer.text();
  if (!holder.content.querySelector(".vote")) throw new Error("vote: another page");
  return holder.content;
}

class Refusal extends Error {}

function announce(text) {
  document.getElementById("annonces").textContent = text;
}

// Replace the fragment of the page after the vote, keeping the focus.
function show(form, piece) {
  const fresh = piece.querySelector(".vote");
  const held = form.contains(document.activeElement) ? document.activeElement : null;
  form.closest(".vote").replaceWith(fresh);
  for (const name of ["data-progress", "data-own-order"]) {
    const part = piece.querySelector(`[${name}]`);
    if (part) document.querySelector(`[${name}]`)?.replaceWith(part);
  }
  if (held) {
    const same = [...fresh.querySelectorAll("input, select, button")].find(
      (one) => one.name === held.name && (one.type === "select-one" || one.value === held.value),
    );
    (same ?? fresh.querySelector("input:not([type=hidden]), select, button"))?.focus();
  }
  announce(fresh.querySelector("[data-announce]").textContent);
}

function tellUnsaved(form, sentence) {
  form.dataset.unsaved = "";
  const told = form.querySelector("[data-announce]");
  told.textContent = [form.dataset.unsavedWords, sentence].filter(Boolean).join(" ");
  announce(told.textContent);
}

async function save(form, button) {
  clearTimeout(resting.get(form));
  resting.delete(form);
  if (saving.has(form)) {
    again.set(form, button);
    return;
  }
  saving.add(form);
  try {
    const piece = await send(form, button);
    if (!again.has(form)) show(form, piece);
  } catch (problem) {
    tellUnsaved(form, problem instanceof Refusal ? problem.message : "");
  } finally {
    saving.delete(form);
    if (again.has(form)) {
      const pressed = again.get(form);
      again.delete(form);
      save(form, pressed);
    }
  }
}

document.addEventListener("change", (event) => {
  const form = event.target.form;
  if (!form?.matches("form[data-vote]")) return;
  clearTimeout(resting.get(form));
  resting.set(form, setTimeout(save, REST, form));
});

document.addEventListener("submit", (event) => {
  const form = event.target;
  if (!form.matches("form[data-vote]")) return;
  event.preventDefault();
  save(form, event.submitter);
});

// Somebody who leaves at once has still chosen; nobody is left to be told of a failure.
addEventListener("pagehide", () => {
  for (const form of resting.keys()) request(form, undefined, true).catch(() => {});
});

document.documentElement.dataset.votes = "live"; // hides the buttons that a script makes useless
