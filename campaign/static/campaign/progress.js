// Keeps what says how far something is up to date; without this file there is a link.
(() => {
  const pause = 2000;

  const look = async () => {
    const here = document.querySelector("[data-progress]");
    if (!here) return;
    try {
      const answer = await fetch(location.href, { credentials: "same-origin" });
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      const there = page.querySelector("[data-progress] [role=status]");
      // It is done: the whole page says what came of it.
      if (!there) return location.reload();
      here.querySelector("[role=status]").replaceChildren(...there.childNodes);
    } catch {
      // The next look may find the way again.
    }
    setTimeout(look, pause);
  };

  setTimeout(look, pause);
})();
