// In a frame on another site: says how high the page is, keeps its count fresh, and lets links out.

const RENEW = 60_000; // milliseconds

// A number alone, to whoever shows us: frame-ancestors says who that may be. Nothing is listened to.
const say = () =>
  parent.postMessage(Math.ceil(document.documentElement.getBoundingClientRect().height), "*");
if (parent !== window) new ResizeObserver(say).observe(document.documentElement);

// The page itself is asked, so that plural and number are right in every language.
async function renew(part) {
  if (document.visibilityState !== "visible") return;
  const answer = await fetch(location.href, { cache: "no-cache" });
  if (!answer.ok) return;
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  const fresh = page.getElementById(part.id);
  if (fresh) part.replaceChildren(...fresh.childNodes);
}

for (const part of document.querySelectorAll("[data-renew]")) {
  setInterval(() => renew(part).catch(() => {}), RENEW);
}

// Most pages refuse to be shown in a frame, ours among them.
document.addEventListener("click", ({ target }) => {
  const link = target.closest("a[href^=http], a[href^='/']");
  if (link && link.origin + link.pathname !== location.origin + location.pathname) link.target = "_blank";
});
