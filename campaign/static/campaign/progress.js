// Keeps the figures of what the worker does up to date; without this file there is a link, or a reload.
(() => {
  const PAUSE = 2000; // milliseconds

  async function look(here) {
    if (document.visibilityState !== "visible") return;
    const answer = await fetch(location.href, { cache: "no-store" });
    // An error, or the page to log in, would take away what is being read.
    if (!answer.ok || answer.redirected) return;
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const there = page.querySelector("[data-progress]");
    // It is done: the whole page says what came of it.
    if (!there) return location.reload();
    // Only the figures: a button keeps the focus of who is about to press it.
    const fresh = there.querySelectorAll("[data-fresh]");
    here.querySelectorAll("[data-fresh]").forEach((old, n) => {
      if (fresh[n]) old.replaceChildren(...fresh[n].childNodes);
    });
  }

  // One after the other: a slow answer must not be overtaken by the next.
  async function keep(here) {
    await look(here).catch(() => {}); // the next look may find the way again
    setTimeout(keep, PAUSE, here);
  }

  const here = document.querySelector("[data-progress]");
  if (here) setTimeout(keep, PAUSE, here);
})();
