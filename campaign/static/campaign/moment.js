// Does the work that the page asks for and sends its form; whoever can't waits, as the page says.

const section = document.getElementById("sign");
const { solve } = await import(section.dataset.solver);
const solution = await solve(section.dataset);
if (solution) {
  const form = section.querySelector("form");
  const field = document.createElement("input");
  Object.assign(field, { type: "hidden", name: "altcha", value: solution });
  form.append(field);
  form.submit();
}
