// A vote without leaving the page: the form is sent as it would be, the answer is the form as it stands after it. Any
// failure, of the network or of the server, sends the form the plain way, which shows what happened.

async function send(form, button) {
  const answer = await fetch(form.getAttribute("action"), {
    method: "POST",
    headers: { Accept: "text/html", "X-Fragment": "vote" },
    body: new URLSearchParams(new FormData(form, button)),
  });
  const holder = document.createElement("template");
  holder.innerHTML = answer.ok ? await answer.text() : "";
  const fresh = holder.content.querySelector("form[data-vote]");
  if (!fresh) throw new Error(`vote: ${answer.status}`);
  return fresh;
}

// "Vous avez voté sur 3 des 8 propositions": what the page says of all votes follows each.
function recount() {
  const told = document.querySelector("[data-voted]");
  if (!told) return;
  const cast = document.querySelectorAll('.opinion[aria-pressed="true"]').length;
  told.textContent = told.dataset.voted.replace("{n}", cast.toLocaleString(document.documentElement.lang));
}

document.addEventListener("submit", async (event) => {
  const form = event.target;
  const button = event.submitter;
  if (!form.matches("form[data-vote]") || !button || form.dataset.plain) return;
  event.preventDefault();
  if (form.ariaBusy) return; // a second press while the first is on its way
  form.ariaBusy = "true";
  try {
    const fresh = await send(form, button);
    form.replaceWith(fresh);
    (fresh.querySelector(`[value="${button.value}"]`) ?? fresh.querySelector("button")).focus();
    document.getElementById("annonces").textContent = fresh.querySelector("[data-announce]").textContent;
    recount();
  } catch {
    form.dataset.plain = "yes";
    form.requestSubmit(button);
  }
});
