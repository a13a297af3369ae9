/* The theme button, toasts that can be sent away, and facets that stand open on a wide page. */
(() => {
  const root = document.documentElement;
  const toggle = document.querySelector("[data-theme-toggle]");
  if (toggle) {
    toggle.hidden = false;
    toggle.addEventListener("click", () => {
      const dark = root.dataset.theme ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
      root.dataset.theme = dark ? "light" : "dark";
      document.cookie = `theme=${root.dataset.theme};path=/;max-age=31536000;samesite=lax`;
    });
  }
  for (const button of document.querySelectorAll("[data-toast-close]")) button.hidden = false;
  document.addEventListener("click", (event) => {
    event.target.closest("[data-toast-close]")?.closest("[data-toast]").remove();
  });
  for (const facets of document.querySelectorAll("[data-facets]")) if (matchMedia("(min-width: 56rem)").matches) facets.open = true;
})();
