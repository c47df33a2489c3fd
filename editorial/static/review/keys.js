// The queue and the screens of checking by keyboard: j and k move, Enter opens, other keys press the button that names them.
document.addEventListener("DOMContentLoaded", () => {
  const rows = [...document.querySelectorAll("[data-row]")];
  let current = -1;

  function move(to, isStart = false) {
    if (!rows.length) return;
    rows[current]?.classList.remove("is-current");
    current = Math.max(0, Math.min(rows.length - 1, to));
    rows[current].classList.add("is-current");
    rows[current].focus({ preventScroll: true });
    // What stands above the rows is read first.
    if (!isStart) rows[current].scrollIntoView({ block: "nearest" });
  }

  document.addEventListener("keydown", (event) => {
    const typing = event.target.closest("input:not([type=checkbox]), textarea, select, [contenteditable]");
    if (typing || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === "j") move(current + 1);
    else if (event.key === "k") move(current - 1);
    else if (event.key === "Enter" && event.target === rows[current]) rows[current].querySelector("a[data-open]")?.click();
    else {
      const button = rows[current]?.querySelector(`[data-key="${CSS.escape(event.key)}"]`);
      // Whoever holds a key down presses once.
      if (!button || event.repeat) return;
      button.click();
    }
    event.preventDefault();
  });

  // Whoever follows a link to a source has opened it.
  for (const link of document.querySelectorAll("a[data-opens]"))
    link.addEventListener("click", () => { document.getElementById(link.dataset.opens).checked = true; });

  const named = rows.findIndex((row) => `#${row.id}` === location.hash);
  if (named >= 0) move(named);
  else if (rows.length && document.querySelector("[data-start]")) move(0, true);
});
