// Listings work without this. The sheet of filters on a phone closes once the results are shown.
document.addEventListener("submit", (event) => {
  const sheet = event.target.closest("[popover]");
  if (sheet?.matches(":popover-open")) sheet.hidePopover();
});

// What a reader unfolded stays so when the counts of its options are replaced.
document.addEventListener("htmx:oobBeforeSwap", ({ detail: { target, fragment } }) => {
  for (const was of target.querySelectorAll("details")) {
    const now = fragment.querySelector(`#${CSS.escape(was.id)}`);
    if (now) now.open ||= was.open;
  }
});
