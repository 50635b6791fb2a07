// Unfold writes the name of a chosen file into the first line of text that it finds nearby, which with
// its own file inputs is theirs, and with ours another field: choosing a logo made it the goal.
document.addEventListener(
  "change",
  (event) => {
    if (event.target.matches("input[type=file]")) event.stopPropagation();
  },
  { capture: true },
);
