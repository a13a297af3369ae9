/* Facets stand open on a wide page, and stay as the reader left them when a filter swaps the results. */
(() => {
  const wide = matchMedia("(min-width: 56rem)");
  const panels = () => document.querySelectorAll("[data-facets]");
  const fit = () => { for (const panel of panels()) panel.open = wide.matches; };
  if (wide.matches) fit();
  wide.addEventListener("change", fit);
  let left = null;
  document.addEventListener("htmx:beforeSwap", () => {
    left = new Map([...panels()].flatMap((panel) => [["", panel.open], ...[...panel.querySelectorAll("[data-facet]")].map((facet) => [facet.dataset.facet, facet.open])]));
  });
  document.addEventListener("htmx:afterSwap", () => {
    if (!left) return;
    for (const panel of panels()) {
      panel.open = wide.matches || left.get("") === true;
      for (const facet of panel.querySelectorAll("[data-facet]")) facet.open = left.get(facet.dataset.facet) ?? facet.open;
    }
  });
})();
