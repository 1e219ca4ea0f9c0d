// Select words inside [data-words] of an article: its links that bear data-selection (their label for a selection) come
// near, leading to the same place with ?mots=…&pres=…, the place of the words counted from the start of the post. They
// follow the words in the document, so that Tab goes there. Whoever may not extract has no such link, so no tool.

const LONGEST = 1500; // what an address can carry everywhere; longer selections are quoted by the plain link
const tools = document.createElement("div");
tools.className = "selection-tools";
tools.setAttribute("role", "status");

function chosen() {
  const selection = getSelection();
  if (!selection.rangeCount || selection.isCollapsed) return null;
  const range = selection.getRangeAt(0);
  const inside = range.commonAncestorContainer;
  const words = (inside.closest ? inside : inside.parentElement)?.closest("[data-words]");
  const text = selection.toString().trim();
  if (!words || !text || text.length > LONGEST) return null;
  for (const quote of words.querySelectorAll(".quote")) {
    if (range.intersectsNode(quote)) return null; // those are somebody else's words
  }
  const before = document.createRange();
  before.setStart(words, 0);
  before.setEnd(range.startContainer, range.startOffset);
  return { words, text, near: before.toString().length, box: range.getBoundingClientRect() };
}

function offer() {
  if (tools.contains(document.activeElement)) return;
  const choice = chosen();
  const links = choice?.words.closest("article")?.querySelectorAll("a[data-selection]") ?? [];
  if (!links.length) return tools.remove();
  tools.replaceChildren(
    ...Array.from(links, (link) => {
      const tool = document.createElement("a");
      const address = new URL(link.href);
      address.searchParams.set("mots", choice.text);
      address.searchParams.set("pres", choice.near);
      tool.href = address;
      tool.textContent = link.dataset.selection;
      if ("quote" in link.dataset) tool.dataset.quote = "";
      return tool;
    }),
  );
  choice.words.after(tools);
  const room = tools.offsetParent.getBoundingClientRect();
  const left = Math.min(choice.box.left - room.left, room.width - tools.offsetWidth);
  tools.style.left = `${Math.max(left, 0)}px`;
  tools.style.top = `${choice.box.bottom - room.top + 8}px`;
}

// On the desk, selected words go into the field of the extract: one gesture to select, one to choose a type.
function fill() {
  const choice = chosen();
  const field = choice && document.getElementById(choice.words.dataset.fills);
  if (!field) return false;
  field.value = choice.text;
  field.dispatchEvent(new Event("input", { bubbles: true }));
  document.getElementById(choice.words.dataset.place).value = choice.near;
  return true;
}

if (document.querySelector("[data-words]")) {
  let waiting;
  document.addEventListener("selectionchange", () => {
    clearTimeout(waiting);
    waiting = setTimeout(() => fill() || offer(), 200); // nothing moves while a finger still drags
  });
}
