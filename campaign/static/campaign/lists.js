// Brings the lists of an organisation, and its quota, up to date while one of them is being written.
const PAUSE = 3000;

const lists = () => document.getElementById("lists");

async function look() {
  try {
    const answer = await fetch(lists().dataset.page, { credentials: "same-origin" });
    if (answer.ok && !answer.redirected) {
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      for (const id of ["quota", "lists"]) {
        const fresh = page.getElementById(id);
        if (fresh) document.getElementById(id).replaceWith(fresh);
      }
    }
  } catch {
    // The connection is gone for a moment: the next look finds it again.
  }
  wait();
}

function wait() {
  if (lists()?.hasAttribute("data-busy")) setTimeout(look, PAUSE);
}

wait();
