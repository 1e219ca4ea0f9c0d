// A member who has the end of a page of a thread in sight has read it up to there: say so once, in the background. What
// does not arrive is said the next time; the button that does it without scripts stays until it has.

for (const form of document.querySelectorAll("form[data-read]")) {
  const seen = new IntersectionObserver(async ([end]) => {
    if (!end.isIntersecting) return;
    seen.disconnect();
    try {
      const answer = await fetch(form.action, {
        method: "POST",
        body: new URLSearchParams(new FormData(form)),
        redirect: "manual",
        keepalive: true,
      });
      if (answer.type === "opaqueredirect") form.hidden = true;
    } catch {
      // The button is still there.
    }
  });
  seen.observe(form);
}
