// The sign form without reloads, and help while one types. All of it works without this script too:
// it posts what the form would post, shows what the server answers, and has its words from the page.

const PATIENCE = 30_000; // ms until an answer counts as lost
const opened = document.title;
const section = () => document.getElementById("sign");

// --- Sending ---------------------------------------------------------------------------------

document.addEventListener("submit", async (event) => {
  const form = event.target;
  if (form.getAttribute("method") !== "post" || !form.closest("#sign")) return;
  event.preventDefault();
  const button = event.submitter ?? form.querySelector("[type=submit]");
  // Pressed twice, or before its pause is over.
  if (form.hasAttribute("aria-busy") || button.hasAttribute("aria-disabled")) return;
  const alert = form.querySelector(".unanswered");
  alert.textContent = "";
  const done = busy(form, button);
  try {
    show(await post(form, button));
  } catch (error) {
    alert.textContent = (error instanceof Refusal && error.message) || form.dataset.unanswered;
  } finally {
    done();
  }
});

class Refusal extends Error {}

async function post(form, button, solution = "") {
  const body = new URLSearchParams(new FormData(form));
  if (button.name) body.set(button.name, button.value);
  // Folded shut again, what was typed there is kept, and nobody is signed for.
  if (form.querySelector(".for-another:not([open])")) body.set("for_another", "no");
  if (solution) body.set("altcha", solution);
  const signal = AbortSignal.timeout?.(PATIENCE);
  const response = await fetch(form.getAttribute("action"), { method: "POST", body, signal });
  const page = new DOMParser().parseFromString(await response.text(), "text/html");
  const answer = page.getElementById("sign");
  if (answer?.dataset.challenge && !solution) {
    const { solve } = await import(answer.dataset.solver);
    const solved = await solve(answer.dataset);
    if (solved) return post(form, button, solved);
  }
  if (answer) return { page, status: response.status };
  // A page of ours that says why; a proxy's has nothing to tell a signer.
  throw new Refusal(page.querySelector("main .lead")?.textContent.trim());
}

function busy(form, button) {
  const nodes = [...button.childNodes];
  form.setAttribute("aria-busy", "true");
  button.setAttribute("aria-disabled", "true");
  if (button.dataset.busy) button.replaceChildren(button.dataset.busy);
  return () => {
    form.removeAttribute("aria-busy");
    button.removeAttribute("aria-disabled");
    button.replaceChildren(...nodes);
  };
}

// --- Showing the answer ----------------------------------------------------------------------

const steps = []; // what stood there, for the back button; in memory alone

function show({ page, status }) {
  const before = { node: section(), title: document.title };
  const after = { node: document.adoptNode(page.getElementById("sign")), title: page.title.trim() };
  if (before.node.dataset.step !== after.node.dataset.step) {
    const at = history.state?.step ?? 0;
    if (at === 0) before.title = opened; // not "Error: ...", which is over
    before.node.querySelector("#errors")?.remove();
    steps.length = at;
    steps.push(before, after);
    history.replaceState({ step: at }, "");
    history.pushState({ step: at + 1 }, "");
  }
  if (status === 409) refresh(page);
  put(after);
  after.node.scrollIntoView({ block: "start" });
  const told = after.node.querySelector("#errors") ?? after.node.querySelector("h2");
  told.focus({ preventScroll: true });
}

// The statement is not what it was: what surrounds the form is shown anew too.
function refresh(page) {
  for (const name of ["article", ".text", "h1"]) {
    const [old, now] = [document, page].map((each) => each.querySelector(`main ${name}`));
    if (old && now && !old.isEqualNode(now)) old.replaceWith(document.adoptNode(now));
  }
}

function put({ node, title }) {
  section().replaceWith(node);
  document.title = title;
  node.querySelectorAll("[data-pause]").forEach(pause);
}

addEventListener("popstate", (event) => {
  const step = steps[event.state?.step];
  if (step && step.node !== section()) put(step);
});

// Reloaded after signing, as in-app browsers do when one comes back from the mail program.
if (history.state?.step) document.getElementById("signed-before")?.removeAttribute("hidden");

function pause(button) {
  const left = button.querySelector(".left");
  const end = Date.now() + button.dataset.pause * 1000;
  delete button.dataset.pause; // once, also when the back button brings it again
  button.setAttribute("aria-disabled", "true");
  const tick = () => {
    const seconds = Math.ceil((end - Date.now()) / 1000);
    left.textContent = seconds > 0 ? `${Math.floor(seconds / 60)}:${`${seconds % 60}`.padStart(2, "0")}` : "";
    if (seconds > 0) setTimeout(tick, 1000);
    else button.removeAttribute("aria-disabled");
  };
  tick();
}

// --- While one types -------------------------------------------------------------------------

const touched = new WeakSet(); // fields that something was typed into

document.addEventListener("input", ({ target }) => {
  if (!target.closest("#sign")) return;
  touched.add(target);
  if (target.id === "email") suggest(target, null);
  // Told once, a mistake goes as soon as it is mended.
  if (target.hasAttribute("aria-invalid") && !problem(target)) mark(target, "");
});

// A press takes the focus from a field. Words that appear before its release push the button from under
// the pointer, and the click is lost.
let released = Promise.resolve();
addEventListener("pointerdown", () => {
  released = new Promise((release) => {
    for (const end of ["pointerup", "pointercancel"]) addEventListener(end, release, { once: true });
  });
});

document.addEventListener("focusout", async ({ target }) => {
  if (!touched.has(target) || !target.dataset.check) return;
  await released;
  await new Promise((then) => setTimeout(then)); // the click comes behind the release
  if (!target.isConnected) return;
  mark(target, problem(target));
  if (target.id === "email") suggest(target, meant(target));
});

const rules = (field) => JSON.parse(field.form.dataset.rules);

// What the server would say for certain; it finds more.
function problem(field) {
  if (!field.dataset.check) return "";
  const value = field.value.trim();
  const { [field.dataset.check]: words, longest } = rules(field);
  if (!value) return field.hasAttribute("aria-required") ? words.blank : "";
  if (field.dataset.check === "text") return [...value].length > longest ? words.too_long : "";
  const [, domain] = value.match(/^[^@\s]+@([^@\s]+)$/) ?? [];
  if (!domain) return words.malformed;
  return domain.includes(".") ? "" : words.impossible;
}

function mark(field, words) {
  document.getElementById(`${field.id}-error`).textContent = words;
  field.closest(".field").classList.toggle("field-wrong", words !== "");
  if (words) field.setAttribute("aria-invalid", "true");
  else field.removeAttribute("aria-invalid");
}

// --- Mistyped domains, as campaign/mail_domains.py finds them ----------------------------------

function meant(field) {
  const { meant, real } = rules(field);
  const [, name, typed] = field.value.trim().match(/^(.+)@([^@]*)$/) ?? [];
  const domain = typed?.toLowerCase();
  if (!domain || meant.includes(domain) || real.includes(domain)) return null;
  const found = meant.find((each) => isOneSlip(domain, each));
  return found ? `${name}@${found}` : null;
}

function isOneSlip(typed, right) {
  const ending = right.split(".").pop();
  if (ending.length === 2 && !typed.endsWith(`.${ending}`)) return false;
  let [a, b] = [typed, right];
  while (a && b && a[0] === b[0]) [a, b] = [a.slice(1), b.slice(1)];
  while (a && b && a.at(-1) === b.at(-1)) [a, b] = [a.slice(0, -1), b.slice(0, -1)];
  if (a.length === 2 && b.length === 2) return a === b[1] + b[0];
  return a.length < 2 && b.length < 2;
}

function suggest(field, address) {
  const place = field.form.querySelector(".meant");
  if (!address) return place.replaceChildren();
  const question = document.getElementById("meant").content.cloneNode(true);
  const button = question.querySelector("button");
  button.textContent = address;
  button.addEventListener("click", () => {
    field.value = address;
    mark(field, "");
    suggest(field, null);
    field.focus();
  });
  place.replaceChildren(question);
}
