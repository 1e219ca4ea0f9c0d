// The progress of a job, asked for each second; when it is over the page is shown again. A server that does not answer
// is asked less and less often, never given up: the job goes on without us.

const SLOWEST = 15_000;

function watch(place) {
  const bar = place.querySelector("progress");
  const text = place.querySelector("[data-progress-text]");

  async function look(pause) {
    try {
      const answer = await fetch(place.dataset.progressUrl, { headers: { Accept: "application/json" } });
      if (!answer.ok) throw new Error(String(answer.status));
      const job = await answer.json();
      if (job.state === "done" || job.state === "failed") return location.reload();
      bar.max = job.total || 1;
      bar.value = job.done;
      const words = job.label || job.step;
      if (text.textContent !== words) text.textContent = words;
      setTimeout(look, 1000, 1000);
    } catch {
      setTimeout(look, pause, Math.min(2 * pause, SLOWEST));
    }
  }

  setTimeout(look, 1000, 1000);
}

document.querySelectorAll("[data-progress-url]").forEach(watch);
