// How far a removal is: the page itself is asked, until it is over; then all of it is shown anew.

const PAUSE = 2000; // milliseconds

async function renew(part) {
  if (document.visibilityState !== "visible") return;
  const answer = await fetch(location.href, { cache: "no-store" });
  if (!answer.ok) return;
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  const fresh = page.getElementById(part.id);
  if (!fresh) return;
  if (!("underWay" in fresh.dataset)) {
    location.reload();
    return;
  }
  // The button keeps the focus of who is about to press it.
  for (const [old, now] of [["h2", "h2"], ["p", "p"]]) {
    const there = part.querySelector(old);
    const next = fresh.querySelector(now);
    if (there && next) there.replaceChildren(...next.childNodes);
  }
}

const part = document.querySelector("#progress[data-under-way]");
if (part) setInterval(() => renew(part).catch(() => {}), PAUSE);
