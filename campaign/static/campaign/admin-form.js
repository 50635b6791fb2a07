// Says beside a time in UTC which it is where its reader is; without a script it stays UTC alone.
const zone = new Intl.DateTimeFormat(document.documentElement.lang || undefined, {
  dateStyle: "full", timeStyle: "long",
});

for (const input of document.querySelectorAll("input[data-utc]")) {
  const beside = input.parentElement.querySelector("output");
  const say = () => {
    const at = new Date(`${input.value}Z`);
    beside.textContent = input.value && !Number.isNaN(at.getTime()) ? zone.format(at) : "";
  };
  input.addEventListener("input", say);
  say();
}
