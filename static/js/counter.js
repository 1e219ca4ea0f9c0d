// How many characters are left, counted as the server counts them (code points). Nothing is cut off: a pasted text that
// is too long stays whole, to be shortened by its author. Announced near the limit only, and not at every key.

const NEAR = 200;

for (const area of document.querySelectorAll("textarea[data-limit]")) {
  const counter = document.createElement("p");
  counter.className = "counter";
  area.after(counter);
  let speaking;

  const count = () => {
    const left = area.dataset.limit - [...area.value].length;
    counter.classList.toggle("is-over", left < 0);
    const label = left < 0 ? area.dataset.over : area.dataset.left;
    counter.textContent = `${label} ${Math.abs(left).toLocaleString(document.documentElement.lang)}`;
    clearTimeout(speaking);
    if (left > NEAR) return;
    speaking = setTimeout(() => (document.getElementById("annonces").textContent = counter.textContent), 1000);
  };

  area.addEventListener("input", count);
  count();
}
