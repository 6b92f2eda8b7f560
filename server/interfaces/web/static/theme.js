// Before the first paint: the theme that was chosen here before, if one was; else the system's own.
"use strict";
(() => {
  try {
    const chosen = localStorage.getItem("watchkeeper-theme");
    if (chosen === "light" || chosen === "dark") document.documentElement.dataset.theme = chosen;
  } catch { /* storage is closed: the system's theme it is */ }
})();
