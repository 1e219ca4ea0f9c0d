// A form with words in it asks before it is left; sending it is not leaving.

for (const form of document.querySelectorAll("form[data-confirm-leave]")) {
  let typed = false;
  form.addEventListener("input", () => (typed = true));
  form.addEventListener("submit", () => (typed = false));
  addEventListener("beforeunload", (event) => {
    if (typed) event.preventDefault();
  });
}
