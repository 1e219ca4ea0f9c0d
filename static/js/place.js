// The list of proposals has pages. An old address (#T3-041) names a proposal that another page may hold: go there. A
// link to a proposal that this page holds only scrolls to it.

function find() {
  const reference = decodeURIComponent(location.hash.slice(1));
  const asked = new URL(location.href);
  if (!/^T\d+-\d+$/.test(reference) || document.getElementById(reference)) return;
  if (!document.querySelector(".pagination") || asked.searchParams.get("voir") === reference) return;
  asked.searchParams.set("voir", reference);
  for (const name of ["apres", "avant"]) asked.searchParams.delete(name);
  location.replace(asked);
}

document.addEventListener("click", (event) => {
  const link = event.target.closest("a[href*='voir=']");
  const here = link && link.pathname === location.pathname && document.getElementById(link.hash.slice(1));
  if (!here || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  location.hash = link.hash;
});

addEventListener("hashchange", find);
find();
