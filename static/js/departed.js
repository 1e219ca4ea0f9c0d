// An address names a contribution that another page of the thread holds, or that moderators moved to another thread: go
// there at once. A server never hears what follows the "#".

async function follow() {
  const [, number] = /^#c-([0-9]+)$/.exec(location.hash) ?? [];
  const found = number && document.getElementById(`c-${number}`);
  const link = found?.closest(".departed")?.querySelector("a");
  const elsewhere = number && !found && document.querySelector("[data-contribution]")?.dataset.contribution;
  if (link) location.replace(link.href);
  if (!elsewhere) return;
  const address = elsewhere.replace(/0(?=[^0-9]*$)/, number);
  const answer = await fetch(address, { redirect: "manual" }).catch(() => null);
  if (answer?.type === "opaqueredirect") location.replace(address);
}

addEventListener("hashchange", follow);
follow();
