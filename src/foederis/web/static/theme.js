// The theme that was chosen last, before anything is painted; without a choice the system decides.
(() => {
  try {
    const chosen = localStorage.getItem("foederis-theme");
    if (chosen === "light" || chosen === "dark") document.documentElement.dataset.theme = chosen;
  } catch {
    // Storage may be forbidden; then the system decides.
  }
})();
