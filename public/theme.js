// Before the first paint, so that a chosen theme never flashes the other one. A file, because the page's policy allows no script in it.
try {
  const { theme } = JSON.parse(localStorage.getItem("decoscope.layout")).state;
  if (theme === "light" || theme === "dark") document.documentElement.dataset.theme = theme;
} catch {}
