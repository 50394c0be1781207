// Before the first paint, so that a chosen theme never flashes the other one. A file, because the page's policy allows no script in it.
try {
  const query = new URLSearchParams(location.search);
  const theme = query.has("embed")
    ? query.get("theme")
    : JSON.parse(localStorage.getItem("decoscope.layout")).state.theme;
  if (theme === "light" || theme === "dark") document.documentElement.dataset.theme = theme;
} catch {}
