/* Links with data-opens show a <dialog> as a modal; without this script they lead to it by :target. */
(() => {
  document.addEventListener("click", (event) => {
    const opener = event.target.closest("[data-opens]");
    if (opener) {
      event.preventDefault();
      document.getElementById(opener.dataset.opens).showModal();
    }
    const closer = event.target.closest("[data-closes]");
    if (closer) {
      const dialog = document.getElementById(closer.dataset.closes);
      if (dialog.open) {
        event.preventDefault();
        dialog.close();
      }
    }
  });
  document.addEventListener("keydown", (event) => {
    if (event.key === " " && event.target.matches("a[role=button]")) {
      event.preventDefault();
      event.target.click();
    }
  });
})();
