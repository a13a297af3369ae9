/* What a page can do without at first: a part is fetched on its own; htmx comes when something on the page needs it. */
(() => {
  const SENDS = "[hx-get], [hx-post]";
  let asked = false;
  const need = (form) => {
    if (asked || window.htmx) return;
    asked = true;
    const script = document.createElement("script");
    script.src = document.querySelector("meta[name=htmx]").content;
    let changed = false;
    const note = () => { changed = true; };
    form?.addEventListener("change", note);
    script.addEventListener("load", () => {
      window.htmx.process(document.body);
      form?.removeEventListener("change", note);
      if (changed) window.htmx.trigger(form, "change");
    });
    document.head.append(script);
  };
  const needs = (root) => root.querySelector('[hx-trigger*="every"], [hx-trigger*="load"]');
  for (const kind of ["pointerover", "focusin"]) {
    document.addEventListener(kind, (event) => {
      const found = event.target.closest?.(SENDS);
      if (found) need(found);
    });
  }
  const start = async () => {
    if (needs(document)) need();
    for (const part of document.querySelectorAll("[data-part]")) {
      const answer = await fetch(part.dataset.part, { headers: { "HX-Request": "true" } });
      if (!answer.ok) continue;
      part.innerHTML = await answer.text();
      if (needs(part)) need();
    }
  };
  if (document.readyState === "complete") start();
  else window.addEventListener("load", start);
})();
