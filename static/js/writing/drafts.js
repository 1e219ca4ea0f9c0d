// What somebody writes is kept as a draft a moment after the last key, and when they leave. It is said to be kept only
// once the server has answered so. Another window that has saved other words is told of, never overwritten: from then on
// the person saves with the button, which shows both texts.

const PAUSE = 1500; // ms after a key
const LATEST = 5000; // ms, for somebody who never pauses
const FAR = 30_000; // ms before another try when the server does not answer
const SENT = 15_000; // ms after which a form that was sent is still there: its way was stopped

for (const form of document.querySelectorAll("form[data-draft]")) {
  const said = form.querySelector("[data-draft-said]");
  let waiting, since, saving, met, sent, failed, spoken;

  const tell = (words, aloud) => {
    said.hidden = !words;
    said.textContent = words;
    if (aloud) document.getElementById("annonces").textContent = words;
  };

  const put = (name, value) => {
    let field = form.elements.namedItem(name);
    if (!field) {
      field = document.createElement("input");
      field.type = "hidden";
      field.name = name;
      form.append(field);
    }
    field.value = value;
  };

  // As JSON, which holds accents in fewer bytes: what is sent by a page that closes is short (64 kB).
  const body = () => {
    const fields = { acte: "brouillon" };
    for (const [name, value] of new FormData(form)) {
      if (name === "citation") (fields.citation ??= []).push(value);
      else if (name !== "acte" && name !== "mots") fields[name] = value;
    }
    return JSON.stringify(fields);
  };

  const request = (keepalive) =>
    fetch(form.getAttribute("action"), {
      method: "POST",
      headers: { "Content-Type": "application/json", Accept: "application/json", "X-Fragment": "brouillon" },
      body: body(),
      keepalive,
    });

  // Leaving needs no question while the words are kept, or will be as the page closes.
  const trust = () => {
    if (met || failed || !navigator.onLine) delete form.dataset.kept;
    else form.dataset.kept = "";
  };

  const fail = (reason) => {
    failed = true;
    trust();
    tell(`${form.dataset.unsaved} ${reason}`, true);
    waiting = setTimeout(save, FAR);
  };

  async function save() {
    clearTimeout(waiting);
    if (saving) return later();
    since = undefined;
    if (met || sent) return;
    saving = true;
    try {
      const answer = await request(false);
      const told = await answer.json();
      met = answer.status === 409;
      if (met) tell(told.detail, true);
      else if (!answer.ok) return fail(told.detail);
      failed = false;
      trust();
      if (met) return;
      put("brouillon", told.brouillon);
      if (since !== undefined) return;
      tell(told.brouillon ? form.dataset.saved : "", !spoken);
      spoken = true;
    } catch {
      fail(form.dataset.offline);
    } finally {
      saving = false;
    }
  }

  function later() {
    since ??= Date.now();
    clearTimeout(waiting);
    waiting = setTimeout(save, Math.min(PAUSE, Math.max(0, since + LATEST - Date.now())));
  }

  form.addEventListener("input", (event) => {
    if (event.target.name === "mots") return;
    trust();
    if (!met && !failed) tell("");
    later();
  });
  form.addEventListener("submit", () => {
    sent = true;
    setTimeout(() => (sent = false), SENT);
  });
  addEventListener("pageshow", () => (sent = false));
  addEventListener("pagehide", () => {
    if (since !== undefined && !met && !sent) request(true).catch(() => {});
  });
  if (form.dataset.confirmLeave === "begun") {
    trust();
    later();
  }
}
