/* Copies the link, or hands it to the phone, where the browser can. Without this script the link stands
   in a field to be copied by hand, and the other ways are plain links. */

const field = document.getElementById("share-link");
const copy = document.getElementById("share-copy");
const handOn = document.getElementById("share-hand-on");
const copied = document.getElementById("share-copied");

field.addEventListener("focus", () => field.select());

if (navigator.clipboard) {
  copy.hidden = false;
  copy.addEventListener("click", async () => {
    try {
      await navigator.clipboard.writeText(field.value);
      copied.textContent = copied.dataset.done;
    } catch {
      field.focus(); // refused: it is selected, and the keys still copy
    }
  });
}

if (navigator.share) {
  handOn.hidden = false;
  handOn.addEventListener("click", () => {
    const { text, url } = handOn.dataset;
    navigator.share({ text, url }).catch(() => {}); // who closes the sheet has changed their mind
  });
}
