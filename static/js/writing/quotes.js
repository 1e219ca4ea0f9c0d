// « Citer » puts the quote into the answer in progress under the thread, where the words typed stay, and says so beside
// the contribution; a second one adds another. A quote is taken out at once. Without a form here the link is followed.

const form = document.querySelector("form[data-added]");
const tray = document.createElement("p");
tray.className = "quote-tray";

function tell(words) {
  document.getElementById("annonces").textContent = words;
}

function show(link) {
  const answer = document.createElement("a");
  answer.href = "#source";
  answer.textContent = form.dataset.answer;
  const many = form.querySelectorAll("[data-quoted]").length;
  tray.replaceChildren(`${form.dataset.added} (${many}) `, answer);
  link.closest("article").append(tray);
  tell(tray.textContent);
}

function insert(piece) {
  const mark = piece.querySelector("[name=citation]").value;
  const known = [...form.querySelectorAll("[name=citation]")].some((field) => field.value === mark);
  if (known) return;
  form.querySelector(".field").before(piece);
  form.dispatchEvent(new Event("input", { bubbles: true }));
}

async function quote(link) {
  const answer = await fetch(link.href, { headers: { Accept: "text/html", "X-Fragment": "citation" } });
  const holder = document.createElement("template");
  if (answer.ok) holder.innerHTML = await answer.text();
  const piece = holder.content.querySelector("[data-quoted]");
  if (!piece) throw new Error("quote: another page");
  insert(piece);
  show(link);
}

document.addEventListener("click", (event) => {
  const link = event.target.closest("a[data-quote]");
  if (!link || !form || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  quote(link).catch(() => location.assign(link.href));
});

document.addEventListener("click", (event) => {
  const button = event.target.closest("form[data-draft] [data-quoted] button");
  if (!button) return;
  event.preventDefault();
  const own = button.form;
  button.closest("[data-quoted]").remove();
  own.dispatchEvent(new Event("input", { bubbles: true }));
  own.elements.source.focus();
});
