/* The list follows what is typed and chosen: the same page is fetched with another query, and its
   results take the place of those shown. Without this script the form is sent, and does the same. */

const PAUSE = 200; // milliseconds after the last key

const form = document.querySelector(".filters");
const found = document.getElementById("found");
const results = document.getElementById("results");
let waiting; // the timer of a search to come
let running = new AbortController(); // of the search that is under way

function query() {
  const asked = new URLSearchParams(new FormData(form));
  for (const [name, value] of [...asked]) {
    // The address says what was chosen and nothing else, so that it can be passed on.
    if (!value.trim() || (name === "order" && value === form.elements.order.options[0].value)) {
      asked.delete(name);
    }
  }
  return asked;
}

async function search() {
  clearTimeout(waiting);
  running.abort(); // an older answer must not come after a newer one
  running = new AbortController();
  const { signal } = running;
  const asked = query();
  results.setAttribute("aria-busy", "true");
  try {
    const answer = await fetch(`?${asked}`, { signal });
    if (!answer.ok) throw new Error(answer.status);
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    if (!signal.aborted) show(page, asked);
  } catch (error) {
    if (signal.aborted) return; // the newer search goes on
    found.textContent = form.dataset.failed;
  }
  results.removeAttribute("aria-busy");
}

function show(page, asked) {
  const fresh = [...page.getElementById("results").childNodes];
  results.textContent = "";
  results.append(...fresh); // replaceChildren is too young for the browsers inside of old apps
  found.textContent = page.getElementById("found").textContent;
  history.replaceState(null, "", `?${asked}`);
  for (const link of document.querySelectorAll("a[hreflang]")) {
    asked.set("language", link.hreflang);
    link.href = `?${asked}`;
  }
}

function later() {
  clearTimeout(waiting);
  waiting = setTimeout(search, PAUSE);
}

const typed = form.elements.q;
// Letters of a composition are no words yet; its end comes before or after the last input.
typed.addEventListener("input", (event) => event.isComposing || later());
typed.addEventListener("compositionend", later);
form.addEventListener("change", (event) => event.target === typed || search());
form.addEventListener("submit", (event) => {
  event.preventDefault();
  search();
  found.focus(); // as after a page that was sent: the keyboard of a phone goes away
});
