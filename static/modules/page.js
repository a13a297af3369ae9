/* The theme button, and toasts that can be sent away. */
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
  const showCurrent = () => {
    for (const current of document.querySelectorAll(".tabs [aria-current], .site-nav [aria-current], .work-nav [aria-current]")) {
      const row = current.closest("nav");
      row.scrollLeft += current.getBoundingClientRect().left - row.getBoundingClientRect().left - 24;
    }
  };
  showCurrent();
  window.addEventListener("resize", showCurrent);
  for (const button of document.querySelectorAll("[data-toast-close]")) button.hidden = false;
  document.addEventListener("click", (event) => {
    event.target.closest("[data-toast-close]")?.closest("[data-toast]").remove();
  });
})();
