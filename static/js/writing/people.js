// @ and a few letters: the people whom they may mean are listed under the words, those of the thread first. Arrows choose,
// Enter or Tab writes the name, Escape closes; nothing happens to who goes on typing. A failure is silent.

const PAUSE = 150;
const BEGUN = /(?:^|[\s(«"“])@([\p{L}\p{N}.'’_-]{0,66})$/u;

for (const bar of document.querySelectorAll("[data-people]")) {
  const area = document.getElementById(bar.dataset.bar);
  let list, chosen, waiting, asked;
  area.setAttribute("aria-autocomplete", "list");

  const begun = () => BEGUN.exec(area.value.slice(0, area.selectionStart))?.[1];

  function close() {
    clearTimeout(waiting);
    list?.remove();
    list = asked = undefined;
    area.removeAttribute("aria-activedescendant");
    area.removeAttribute("aria-controls");
  }

  function choose(place) {
    const options = list.children;
    chosen = (place + options.length) % options.length;
    for (const [number, option] of [...options].entries()) option.setAttribute("aria-selected", String(number === chosen));
    area.setAttribute("aria-activedescendant", options[chosen].id);
  }

  function write(option) {
    const place = area.selectionStart;
    area.focus();
    area.setSelectionRange(place - begun().length, place);
    const words = `${option.dataset.handle} `;
    if (!document.execCommand("insertText", false, words)) area.setRangeText(words);
    close();
    area.dispatchEvent(new Event("input", { bubbles: true }));
  }

  async function look() {
    const letters = begun();
    if (letters === undefined) return close();
    if (letters === asked) return;
    asked = letters;
    try {
      const answer = await fetch(`${bar.dataset.people}?personne=${encodeURIComponent(letters)}`, { headers: { Accept: "text/html" } });
      const holder = document.createElement("template");
      if (answer.ok) holder.innerHTML = await answer.text();
      if (letters !== begun()) return;
      const found = holder.content.querySelector("[role=listbox]");
      close();
      asked = letters;
      if (!found?.children.length) return;
      list = found;
      area.after(list);
      area.setAttribute("aria-controls", list.id);
      choose(0);
    } catch {
      close();
    }
  }

  area.addEventListener("input", () => {
    clearTimeout(waiting);
    if (begun() === undefined) close();
    else waiting = setTimeout(look, PAUSE);
  });
  area.addEventListener("blur", () => setTimeout(() => list && !list.matches(":hover") && close(), PAUSE));
  area.addEventListener("keydown", (event) => {
    if (!list || event.isComposing) return;
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step) choose(chosen + step);
    else if (event.key === "Enter" || (event.key === "Tab" && !event.shiftKey)) write(list.children[chosen]);
    else if (event.key === "Escape") close();
    else return;
    event.preventDefault();
  });
  area.closest("form").addEventListener("mousedown", (event) => {
    const option = event.target.closest("[data-handle]");
    if (!option) return;
    event.preventDefault();
    write(option);
  });
}
