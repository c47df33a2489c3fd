// Listings work without this. The sheet of filters on a phone closes once the results are shown.
document.addEventListener("submit", (event) => {
  const sheet = event.target.closest("[popover]");
  if (sheet?.matches(":popover-open")) sheet.hidePopover();
});

// An answer to what the form said before the latest choice would undo that choice; the next answer is on its way.
let choices = 0;
document.addEventListener("change", ({ target }) => { if (target.form?.id === "filters") choices += 1; });
document.addEventListener("htmx:beforeSend", ({ detail }) => { detail.xhr.choices = choices; });
document.addEventListener("htmx:beforeSwap", ({ detail }) => { if (detail.xhr.choices !== choices) detail.shouldSwap = false; });

// What a reader unfolded stays so when the counts of its options are replaced.
document.addEventListener("htmx:oobBeforeSwap", ({ detail: { target, fragment } }) => {
  for (const was of target.querySelectorAll("details")) {
    const now = fragment.querySelector(`#${CSS.escape(was.id)}`);
    if (now) now.open ||= was.open;
  }
});
