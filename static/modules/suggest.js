/* Suggestions below a search box while something is typed: arrows choose, Enter opens, Escape closes. */
(() => {
  for (const input of document.querySelectorAll("[data-suggest]")) {
    const list = document.getElementById(input.getAttribute("aria-controls"));
    let timer = 0;
    let asking = null;
    let active = -1;
    const options = () => [...list.querySelectorAll("[role=option]")];
    const close = () => {
      clearTimeout(timer);
      asking?.abort();
      list.hidden = true;
      active = -1;
      input.setAttribute("aria-expanded", "false");
      input.removeAttribute("aria-activedescendant");
    };
    const choose = (place) => {
      const found = options();
      active = (place + found.length + 1) % (found.length + 1);
      found.forEach((option, each) => option.setAttribute("aria-selected", String(each === active)));
      if (active < found.length) {
        input.setAttribute("aria-activedescendant", found[active].id);
        found[active].scrollIntoView({ block: "nearest" });
      } else input.removeAttribute("aria-activedescendant");
    };
    const ask = async () => {
      asking?.abort();
      asking = new AbortController();
      const typed = input.value.trim();
      if (typed.length < 2) return close();
      try {
        const answer = await fetch(`${input.dataset.suggest}?q=${encodeURIComponent(typed)}`, { signal: asking.signal });
        if (!answer.ok) return close();
        list.innerHTML = await answer.text();
      } catch { return; }
      const found = options();
      active = found.length;
      list.hidden = !found.length || document.activeElement !== input;
      input.setAttribute("aria-expanded", String(!list.hidden));
      input.removeAttribute("aria-activedescendant");
    };
    input.setAttribute("role", "combobox");
    input.setAttribute("aria-autocomplete", "list");
    input.setAttribute("aria-expanded", "false");
    input.addEventListener("input", () => { clearTimeout(timer); timer = setTimeout(ask, 160); });
    input.addEventListener("keydown", (event) => {
      if (list.hidden || event.isComposing) return;
      if (event.key === "ArrowDown") { event.preventDefault(); choose(active === options().length ? 0 : active + 1); }
      else if (event.key === "ArrowUp") { event.preventDefault(); choose(active - 1); }
      else if (event.key === "Escape") { event.preventDefault(); close(); }
      else if (event.key === "Enter" && options()[active]) { event.preventDefault(); location.assign(options()[active].href); }
    });
    list.addEventListener("mousedown", (event) => event.preventDefault());
    input.addEventListener("blur", () => setTimeout(close, 120));
  }
})();
