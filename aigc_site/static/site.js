// Listings work without this: it only closes the sheet of filters on a phone once the results are shown.
document.addEventListener("submit", (event) => {
  const sheet = event.target.closest("[popover]");
  if (sheet?.matches(":popover-open")) sheet.hidePopover();
});
