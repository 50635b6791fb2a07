/* The moderators' desk by keyboard: one key a decision, and the next signature at once, since its page is
   fetched while this one is read. Every form and link here works without this script, a page at a time. */

const FRESH = 60_000; // milliseconds for which a page that was fetched ahead is shown
const SETTING = "petition.desk.keys";
const TYPED = "petition.desk.typed"; // in the session's storage
const TYPING = "input:not([type=radio], [type=checkbox], [type=button], [type=submit]), textarea, select";

let desk = document.getElementById("desk"); // none on the list
let ahead = null; // the page of the next one: {url, page, at}
let busy = false; // a decision is on its way
let renewing; // the timer that says that we still look

const keys = document.getElementById("keys");
const switched = document.getElementById("keys-on");

// --- Fetching -------------------------------------------------------------------------------------

async function fetched(url, options = {}) {
  const headers = { "X-Desk": "keys", ...options.headers };
  const answer = await fetch(url, { credentials: "same-origin", ...options, headers });
  if (answer.redirected) throw new Moved(answer.url); // to the login: this session is over
  return answer;
}

class Moved extends Error {
  constructor(url) {
    super(url);
    this.url = url;
  }
}

async function pageOf(url, how) {
  const answer = await fetched(url, { headers: { "X-Desk": how } });
  if (!answer.ok) throw new Error(answer.status);
  return parsed(await answer.text());
}

function parsed(html) {
  return new DOMParser().parseFromString(html, "text/html");
}

async function fetchAhead() {
  const link = desk.querySelector("a[rel=next]");
  if (!link || (ahead && ahead.url === link.href && Date.now() - ahead.at < FRESH)) return;
  try {
    ahead = { url: link.href, page: await pageOf(link.href, "prefetch"), at: Date.now() };
  } catch {
    ahead = null; // it is fetched when it is needed
  }
}

// --- Showing --------------------------------------------------------------------------------------

async function go(url, { said = [], last, back = false } = {}) {
  const absolute = new URL(url, location.href).href;
  const kept = ahead && ahead.url === absolute && Date.now() - ahead.at < FRESH ? ahead.page : null;
  const page = kept || (await pageOf(absolute, "keys"));
  if (!page.getElementById("desk")) {
    location.assign(absolute); // the list: a page of its own
    return;
  }
  if (!back) history.pushState(null, "", absolute);
  show(page, { said, last });
}

function show(page, { said = [], last } = {}) {
  const fresh = document.adoptNode(page.getElementById("desk"));
  leave();
  desk.replaceWith(fresh);
  desk = fresh;
  document.title = page.title;
  around(page);
  if (last !== undefined) desk.querySelector(".last-decision").innerHTML = last;
  ready();
  window.scrollTo(0, 0);
  desk.querySelector("h1").focus({ preventScroll: true });
  tell(said);
}

// What stands around the desk: whose page it is, and how many wait.
function around(page) {
  const crumbs = [document, page].map((each) => [...each.querySelectorAll("#header-inner .truncate")].pop());
  if (crumbs.every(Boolean)) crumbs[0].textContent = crumbs[1].textContent;
  const [here, fresh] = [document, page].map((each) => [...each.querySelectorAll("#nav-sidebar-apps li > a")]);
  if (here.length === fresh.length) here.forEach((link, at) => link.replaceChildren(...fresh[at].childNodes));
}

function tell(said) {
  const place = desk.querySelector(".said");
  place.replaceChildren(
    ...said.map(({ level, html }) => {
      const line = document.createElement("p");
      line.className = `said-${level}`;
      line.innerHTML = html; // the server's own words, escaped there
      return line;
    }),
  );
}

function ready() {
  for (const control of desk.querySelectorAll("[data-key]")) {
    control.setAttribute("aria-keyshortcuts", control.dataset.key);
  }
  const opener = desk.querySelector(".keys-open");
  if (opener) {
    opener.hidden = false;
    opener.addEventListener("click", () => keys.showModal());
  }
  document.documentElement.classList.toggle("has-keys", on());
  look();
  fetchAhead();
}

// --- Who looks ------------------------------------------------------------------------------------

function token() {
  const field = document.querySelector("input[name=csrfmiddlewaretoken]");
  return field ? field.value : "";
}

async function look() {
  clearTimeout(renewing);
  if (!desk.dataset.looking) return;
  const here = desk;
  try {
    const body = new URLSearchParams({ csrfmiddlewaretoken: token() });
    const answer = await fetched(here.dataset.looking, { method: "POST", body });
    if (answer.ok && here === desk) {
      const { html } = await answer.json();
      const place = desk.querySelector(".colleagues");
      if (place.textContent.trim() || html.trim()) place.innerHTML = html;
    }
  } catch {
    // The next look says it again.
  }
  if (here === desk) renewing = setTimeout(look, 1000 * Number(desk.dataset.renew));
}

function leave() {
  clearTimeout(renewing);
  if (!desk || !desk.dataset.looking) return;
  const body = new URLSearchParams({ csrfmiddlewaretoken: token(), leave: "1" });
  navigator.sendBeacon(desk.dataset.looking, body);
}

// --- Deciding -------------------------------------------------------------------------------------

async function send(form, button) {
  if (busy) return; // a key held down decides once
  busy = true;
  desk.setAttribute("aria-busy", "true");
  const body = new URLSearchParams(new FormData(form));
  if (button && button.name) body.append(button.name, button.value);
  try {
    const answer = await fetched(form.action, { method: "POST", body });
    if ((answer.headers.get("Content-Type") || "").includes("json")) {
      const { to, said, last } = await answer.json();
      await go(to, { said, last });
    } else if (answer.status === 422) {
      show(parsed(await answer.text()));
      const opened = desk.querySelector("details.act[open]");
      const wrong = opened?.querySelector("[aria-invalid]");
      (wrong || opened?.querySelector("textarea, input:not([type=hidden]), button"))?.focus();
    } else {
      throw new Error(answer.status);
    }
  } catch (error) {
    if (error instanceof Moved) {
      keepTyped(form);
      location.reload();
    } else tell([{ level: "error", html: desk.dataset.failed }]);
  } finally {
    busy = false;
    desk.removeAttribute("aria-busy");
  }
}

// --- A session that is over -----------------------------------------------------------------------

// What was typed waits for the login, in this tab alone. What the page carries of itself is read anew, and a
// tick says that one has looked: that is said anew too.
function keepTyped(form) {
  const typed = [...form.elements].filter(
    (each) => each.name && (each.matches("textarea, select, input[type=text]") || (each.type === "radio" && each.checked)),
  );
  const fields = typed.map((each) => [each.name, each.value]);
  sessionStorage.setItem(TYPED, JSON.stringify({ action: form.getAttribute("action"), fields }));
}

function putBackTyped() {
  const kept = JSON.parse(sessionStorage.getItem(TYPED));
  sessionStorage.removeItem(TYPED);
  const forms = kept ? [...desk.querySelectorAll("form")] : [];
  const form = forms.find((each) => each.getAttribute("action") === kept.action);
  if (!form) return;
  for (const [name, value] of kept.fields) {
    if (form.elements[name]) form.elements[name].value = value;
  }
  const details = form.closest("details");
  if (details) details.open = true;
}

if (desk) {
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (!form.closest(".decide")) return; // the others are rare, and pages of their own
    event.preventDefault();
    send(form, event.submitter);
  });
  document.addEventListener("click", (event) => {
    const link = event.target.closest?.(".decide-nav a");
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey || event.button) return;
    event.preventDefault();
    go(link.href).catch(() => location.assign(link.href));
  });
  window.addEventListener("popstate", () => go(location.href, { back: true }).catch(() => location.reload()));
  window.addEventListener("pagehide", leave);
  // A question that was chosen can be put in other words.
  document.addEventListener("change", (event) => {
    if (event.target.name !== "suggested") return;
    event.target.form.elements.question.value = event.target.labels[0].textContent.trim();
  });
}

// --- Keys -----------------------------------------------------------------------------------------

function on() {
  return localStorage.getItem(SETTING) !== "off";
}

function press(key) {
  const opened = desk && desk.querySelector("details.act[open]");
  if (opened && /^[1-9]$/.test(key)) {
    const choice = opened.querySelector(`[data-digit="${key}"]`);
    if (choice) choice.click();
    return Boolean(choice);
  }
  if (key === "/") return search();
  if (key === "?" && keys) {
    keys.showModal();
    return true;
  }
  const control = document.querySelector(`[data-key="${CSS.escape(key)}"]`);
  if (control) {
    if (control.matches("summary")) open(control.parentElement);
    else control.click();
    return true;
  }
  if (key === "n" && !desk) return openFirst();
  return false;
}

function open(details) {
  for (const other of desk.querySelectorAll("details.act[open]")) {
    if (other !== details) other.open = false;
  }
  details.open = !details.open;
  const first = details.querySelector(".choice, input[type=radio]:checked, textarea");
  if (details.open) (first || details.querySelector("summary")).focus();
}

function search() {
  const field = document.getElementById("searchbar");
  const list = document.querySelector("[data-list]");
  if (field) field.focus();
  else if (list) location.assign(`${list.href}#searchbar`);
  return Boolean(field || list);
}

function openFirst() {
  const link = document.querySelector("#result_list th a");
  if (link) link.click();
  return Boolean(link);
}

document.addEventListener("keydown", (event) => {
  if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || event.repeat) return;
  const { target } = event;
  if (event.key === "Escape") {
    const opened = target.closest?.("details.act[open]") || document.querySelector("details.act[open]");
    if (opened) {
      opened.open = false;
      opened.querySelector("summary").focus();
    } else if (target.matches?.(TYPING)) target.blur();
    return;
  }
  if (!on() || event.isComposing || target.isContentEditable || target.matches?.(TYPING)) return;
  if (document.querySelector("dialog[open]")) return;
  if (press(event.key)) event.preventDefault();
});

if (switched) {
  switched.checked = on();
  switched.addEventListener("change", () => {
    localStorage.setItem(SETTING, switched.checked ? "on" : "off");
    document.documentElement.classList.toggle("has-keys", on());
  });
}
if (desk) {
  ready();
  putBackTyped();
} else if (location.hash === "#searchbar") document.getElementById("searchbar")?.focus();
