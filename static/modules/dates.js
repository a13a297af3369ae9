/* The browser's calendar beside a date that is written as day/month/year. */
document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-pick]");
  if (!button) return;
  const input = document.getElementById(button.dataset.pick);
  let native = button.nextElementSibling;
  if (!native) {
    native = document.createElement("input");
    native.type = "date";
    native.className = "date-native";
    native.tabIndex = -1;
    native.setAttribute("aria-hidden", "true");
    button.after(native);
    native.addEventListener("change", () => {
      input.value = native.value.split("-").reverse().join("/");
      input.dispatchEvent(new Event("input", { bubbles: true }));
      input.focus();
    });
  }
  const typed = /^\s*(\d{1,2})[/-](\d{1,2})[/-](\d{4})\s*$/.exec(input.value);
  native.value = typed ? `${typed[3]}-${typed[2].padStart(2, "0")}-${typed[1].padStart(2, "0")}` : input.value;
  native.showPicker();
});
