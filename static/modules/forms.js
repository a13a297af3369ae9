/* Forms: focus on the error summary, one send per click, questions before an act, money in words. */
(() => {
  const summary = document.querySelector("[data-focus]");
  if (summary) summary.focus();

  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (form.dataset.confirm && !window.confirm(form.dataset.confirm)) {
      event.preventDefault();
      return;
    }
    if (form.method !== "post" || form.matches("[hx-post]")) return;
    if (form.dataset.sent) {
      event.preventDefault();
      return;
    }
    form.dataset.sent = "yes";
    event.submitter?.classList.add("is-busy");
  });
  window.addEventListener("pageshow", () => {
    for (const form of document.querySelectorAll("[data-sent]")) delete form.dataset.sent;
    for (const button of document.querySelectorAll(".is-busy")) button.classList.remove("is-busy");
  });

  const inWords = (amount) => {
    const vietnamese = document.documentElement.lang === "vi";
    const scales = vietnamese ? [[1e9, "tỷ"], [1e6, "triệu"]] : [[1e12, "tn"], [1e9, "bn"], [1e6, "m"]];
    const write = (number) => new Intl.NumberFormat(vietnamese ? "vi-VN" : "en-GB", { maximumSignificantDigits: 3 }).format(number);
    const [unit, name] = scales.find(([size]) => amount >= size) ?? [1, ""];
    return vietnamese ? `${write(amount / unit)} ${name} ₫` : `₫${write(amount / unit)} ${name}`;
  };
  const units = { "tỷ": 1e9, "tỉ": 1e9, ty: 1e9, bn: 1e9, billion: 1e9, "triệu": 1e6, tr: 1e6, trieu: 1e6, m: 1e6, million: 1e6, "nghìn": 1e3, "ngàn": 1e3, k: 1e3 };
  const read = (text) => {
    const parts = /^([\d.,\s]+?)\s*(\p{L}+)?$/u.exec(text.replace(/₫|VND/g, "").trim());
    const unit = parts?.[2] ? units[parts[2].toLowerCase()] : 1;
    if (!parts || !unit) return 0;
    let figure = parts[1].replace(/\s/g, "");
    if (/^\d{1,3}([.,])\d{3}(\1\d{3})*$/.test(figure) && !(parts[2] && figure.split(/[.,]/).length === 2)) figure = figure.replace(/[.,]/g, "");
    return Number(figure.replace(",", ".")) * unit;
  };
  const echo = (input) => {
    let words = input.nextElementSibling;
    if (!words?.matches(".money-words")) {
      words = document.createElement("p");
      words.className = "money-words";
      words.setAttribute("aria-live", "polite");
      input.after(words);
    }
    const amount = read(input.value);
    words.textContent = amount > 0 ? inWords(amount) : "";
  };
  for (const input of document.querySelectorAll("[data-money]")) echo(input);
  document.addEventListener("input", (event) => {
    if (event.target.matches("[data-money]")) echo(event.target);
  });
})();
