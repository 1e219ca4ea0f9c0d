// A form with words in it asks for confirmation before it is left; sending it is not leaving. A form that comes back
// with words that are not kept anywhere yet (a preview, a refusal) is data-confirm-leave="begun". One whose words are
// kept as a draft asks only when they could not be (drafts.js).

for (const form of document.querySelectorAll("form[data-confirm-leave]")) {
  let typed = form.dataset.confirmLeave === "begun";
  form.addEventListener("input", () => (typed = true));
  form.addEventListener("submit", () => (typed = false));
  addEventListener("beforeunload", (event) => {
    if (typed && !("kept" in form.dataset)) event.preventDefault();
  });
}
