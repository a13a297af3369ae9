/* Rows of a formset are added and removed in place; without this script the add button sends the form. */
(() => {
  const mark = (row) => {
    const tick = row.querySelector(".formset-remove input");
    if (tick) row.classList.toggle("is-removed", tick.checked);
  };
  for (const row of document.querySelectorAll("[data-row]")) mark(row);
  document.addEventListener("change", (event) => {
    const row = event.target.closest(".formset-remove") && event.target.closest("[data-row]");
    if (row) mark(row);
  });
  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-add-row]");
    if (!button) return;
    event.preventDefault();
    const formset = button.closest("[data-formset]");
    const total = formset.querySelector(`[name="${formset.dataset.formset}-TOTAL_FORMS"]`);
    const number = Number(total.value);
    const template = formset.querySelector("[data-empty-row]");
    const holder = document.createElement("template");
    holder.innerHTML = template.innerHTML.replaceAll("__prefix__", number).replaceAll("__number__", number + 1);
    const row = holder.content.querySelector("[data-row]");
    formset.querySelector("[data-rows]").append(row);
    total.value = number + 1;
    row.querySelector("input:not([type=hidden]), select, textarea")?.focus();
  });
})();
