// Light, dark, or as the system says: the reader's choice, kept on this machine only. The script blocks the first
// rendering (blocking="render" in base.html), so a stored choice never flashes.

const KEY = "couleurs";
const page = document.documentElement;

function kept() {
  try {
    return localStorage.getItem(KEY) ?? "";
  } catch {
    return ""; // storage is forbidden here: the system's choice applies
  }
}

function keep(choice) {
  try {
    localStorage.setItem(KEY, choice);
  } catch {
    // forbidden: the choice is for this page only
  }
}

function show(choice) {
  if (choice) page.dataset.scheme = choice;
  else delete page.dataset.scheme;
  for (const button of document.querySelectorAll("[data-scheme-choice] button")) {
    button.setAttribute("aria-pressed", String(button.value === choice));
  }
}

show(kept());
for (const group of document.querySelectorAll("[data-scheme-choice]")) {
  group.hidden = false;
  group.addEventListener("click", ({ target }) => {
    if (target.type !== "button") return;
    keep(target.value);
    show(target.value);
  });
}
