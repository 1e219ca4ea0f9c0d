// A form is sent once: its buttons are disabled until the answer comes, so that a double click sends nothing twice.
// They are enabled when the page is shown again (the browser's "back") or when no answer came for long: it was stopped.

const LONG = 15_000;

function wake(form) {
  for (const button of form.querySelectorAll("button[data-resting]")) {
    button.disabled = false;
    delete button.dataset.resting;
  }
}

document.addEventListener("submit", (event) => {
  const form = event.target;
  // After the event: the pressed button must still be part of what is sent, and a script may take the form over.
  setTimeout(() => {
    if (event.defaultPrevented || form.target) return;
    for (const button of form.querySelectorAll("button[type=submit]:enabled")) {
      button.disabled = true;
      button.dataset.resting = "";
    }
    setTimeout(wake, LONG, form);
  });
});

addEventListener("pageshow", () => document.querySelectorAll("form").forEach(wake));
