// While somebody types a proposal, similar ones appear under the wording by themselves, a moment after the last key.
// The button that does it without scripts is removed. Nothing waits for the answer, and a failure is silent.

const PAUSE = 600;
const LEAST = 12; // letters: fewer are not enough to compare

for (const place of document.querySelectorAll("[data-near]")) {
  const area = document.getElementById(place.dataset.nearFor);
  document.querySelector("[data-near-button]")?.closest("p").remove();
  place.setAttribute("aria-live", "polite");
  let waiting, asked;

  const look = async () => {
    const words = area.value.trim();
    if (words === asked) return;
    asked = words;
    if (words.length < LEAST) return place.replaceChildren();
    try {
      const answer = await fetch(`${place.dataset.near}?mots=${encodeURIComponent(words)}`, {
        headers: { Accept: "text/html", "X-Fragment": "proches" },
      });
      if (answer.ok && words === asked) place.innerHTML = await answer.text();
    } catch {
      asked = undefined; // the next key asks again
    }
  };

  area.addEventListener("input", () => {
    clearTimeout(waiting);
    waiting = setTimeout(look, PAUSE);
  });
}
