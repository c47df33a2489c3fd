// Names to choose from while something is typed: a combobox with a list (W3C's pattern). Search boxes work without it.
for (const list of document.querySelectorAll("[data-from]")) {
  const input = document.getElementById(list.dataset.input);
  const status = list.nextElementSibling;
  let timer, request, active;

  const options = () => [...list.querySelectorAll("[role=option]")];

  function close() {
    clearTimeout(timer);
    request?.abort();
    list.hidden = true;
    activate(null);
    input.setAttribute("aria-expanded", "false");
  }

  function activate(option) {
    active?.removeAttribute("aria-selected");
    active = option;
    if (option) {
      option.setAttribute("aria-selected", "true");
      option.scrollIntoView({ block: "nearest" });
      input.setAttribute("aria-activedescendant", option.id);
    } else input.removeAttribute("aria-activedescendant");
  }

  function choose(option) {
    close();
    if ("fills" in list.dataset) {
      input.value = option.querySelector(".name").textContent;
      input.dispatchEvent(new Event("change", { bubbles: true }));
    } else location.assign(option.dataset.url);
  }

  async function suggest() {
    request?.abort();
    request = new AbortController();
    try {
      const answer = await fetch(`${list.dataset.from}&q=${encodeURIComponent(input.value)}`, request);
      if (!answer.ok) return close();
      list.innerHTML = await answer.text();
    } catch {
      return; // Typed on, or no network: the box is a plain one.
    }
    activate(null);
    for (const option of options()) option.id = `${list.id}-${option.id}`;
    const number = options().length;
    list.hidden = !number;
    input.setAttribute("aria-expanded", String(Boolean(number)));
    status.textContent = number ? `${list.getAttribute("aria-label")}: ${number}` : "";
  }

  input.setAttribute("role", "combobox");
  input.setAttribute("aria-autocomplete", "list");
  input.setAttribute("aria-controls", list.id);
  input.setAttribute("aria-expanded", "false");
  input.addEventListener("input", () => {
    clearTimeout(timer);
    if (input.value.trim()) timer = setTimeout(suggest, 150);
    else close();
  });
  input.addEventListener("keydown", (event) => {
    if (list.hidden || event.isComposing) return;
    const all = options();
    const at = all.indexOf(active);
    if (event.key === "ArrowDown") activate(all[at + 1] ?? null);
    else if (event.key === "ArrowUp") activate(at < 0 ? all.at(-1) : all[at - 1] ?? null);
    else if (event.key === "Enter" && active) choose(active);
    else if (event.key === "Escape") close(); // And the browser leaves what was typed.
    else return;
    event.preventDefault();
  });
  input.addEventListener("blur", close);
  input.form?.addEventListener("submit", close);
  // Before the input loses the focus.
  list.addEventListener("pointerdown", (event) => event.preventDefault());
  list.addEventListener("click", (event) => {
    const option = event.target.closest("[role=option]");
    if (option) choose(option);
  });
}
