// An old address names a contribution that moderators moved to another thread: follow its link there at once.

function follow() {
  const link = document.getElementById(location.hash.slice(1))?.closest(".departed")?.querySelector("a");
  if (link) location.replace(link.href);
}

addEventListener("hashchange", follow);
follow();
