// The second click of a double click sends nothing: a browser shows the answer to the last alone, and a new
// key stands in the first. It is over when another page has come, or this one again by the button "back", and
// after a while: a file that is downloaded leaves the page where it is.
const WHILE = 5_000; // milliseconds

const sent = new Map();

// On the window, after the scripts that send a form themselves have said so.
window.addEventListener("submit", (event) => {
  const form = event.target;
  if (event.defaultPrevented || form.method !== "post") return;
  if (Date.now() - (sent.get(form) ?? -WHILE) < WHILE) event.preventDefault();
  else sent.set(form, Date.now());
});

window.addEventListener("pageshow", () => sent.clear());
