// The small bar above the words: what it writes is Markdown that one could have typed, and the browser's "undo" takes it
// back. One stop of the Tab key; arrows go from button to button (ARIA toolbar).

function write(area, words, start, stop) {
  area.focus();
  area.setSelectionRange(start, stop);
  // Obsolete, but the only way that "undo" knows of.
  if (!document.execCommand("insertText", false, words)) area.setRangeText(words, start, stop, "end");
  area.dispatchEvent(new Event("input", { bubbles: true }));
}

function around(area, mark) {
  const { selectionStart: start, selectionEnd: stop, value } = area;
  const [, left, chosen, right] = /^(\s*)(.*?)(\s*)$/s.exec(value.slice(start, stop));
  write(area, left + mark + chosen + mark + right, start, stop);
  const place = start + left.length + mark.length;
  area.setSelectionRange(place, place + chosen.length);
}

// A list and a quote are apart from what comes before them.
function before(area, mark) {
  const { selectionStart, selectionEnd, value } = area;
  const start = value.lastIndexOf("\n", selectionStart - 1) + 1;
  const apart = start && value[start - 2] !== "\n" && !value.slice(0, start - 1).split("\n").pop().startsWith(mark) ? "\n" : "";
  const lines = value.slice(start, selectionEnd).split("\n");
  write(area, apart + lines.map((line) => mark + line).join("\n"), start, selectionEnd);
}

function link(area, address) {
  const { selectionStart: start, selectionEnd: stop, value } = area;
  const chosen = value.slice(start, stop);
  write(area, `[${chosen}](https://${address})`, start, stop);
  const place = chosen ? start + chosen.length + 3 : start + 1;
  area.setSelectionRange(place, chosen ? place + 8 + address.length : place);
}

for (const bar of document.querySelectorAll("[data-bar]")) {
  const area = document.getElementById(bar.dataset.bar);
  const buttons = [...bar.querySelectorAll("button")];
  area.before(bar);
  bar.hidden = false;
  buttons.forEach((button, place) => (button.tabIndex = place ? -1 : 0));
  bar.addEventListener("click", ({ target: { dataset } }) => {
    if (dataset.around) around(area, dataset.around);
    if (dataset.before) before(area, dataset.before);
    if (dataset.link) link(area, dataset.link);
  });
  bar.addEventListener("keydown", (event) => {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!step) return;
    event.preventDefault();
    const now = buttons.indexOf(document.activeElement);
    const next = buttons[(now + step + buttons.length) % buttons.length];
    buttons[now].tabIndex = -1;
    next.tabIndex = 0;
    next.focus();
  });
}
