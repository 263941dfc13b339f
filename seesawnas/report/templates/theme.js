"use strict";
// Light, dark, or what the system has; told to whoever listens, such as the plots.
(() => {
  const root = document.documentElement, button = document.getElementById("theme");
  const system = matchMedia("(prefers-color-scheme: dark)");
  const isDark = () => root.dataset.theme ? root.dataset.theme === "dark" : system.matches;
  const tell = () => {
    button.textContent = isDark() ? "Light" : "Dark";
    button.setAttribute("aria-label", `Switch to ${isDark() ? "light" : "dark"} colours`);
    document.dispatchEvent(new Event("theme"));
  };
  try { const kept = localStorage.getItem("seesawnas-theme"); if (kept) root.dataset.theme = kept; } catch { /* a file may have no storage */ }
  button.hidden = false;
  button.addEventListener("click", () => {
    root.dataset.theme = isDark() ? "light" : "dark";
    try { localStorage.setItem("seesawnas-theme", root.dataset.theme); } catch { /* as above */ }
    tell();
  });
  system.addEventListener("change", tell);
  tell();
})();
