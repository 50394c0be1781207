// Before the first paint: a chosen theme, so that it never flashes the other one, and whether the drawn beginning of the page (ui/first_paint) is what
// comes. After it: the page's script. A file, because the page's policy allows no script in it.
const root = document.documentElement;
try {
  const query = new URLSearchParams(location.search);
  const isEmbedded = query.has("embed") || window.top !== window;
  if (isEmbedded) root.dataset.start = "frame";
  else if (location.hash.length > 1) root.dataset.start = "elsewhere";
  const kept = JSON.parse(localStorage.getItem("decoscope.layout"))?.state;
  if (kept?.hasSeenTour) root.dataset.tour = "seen";
  const theme = isEmbedded ? query.get("theme") : kept?.theme;
  if (theme === "light" || theme === "dark") root.dataset.theme = theme;
} catch {}

// The beginning can be read, and scrolled, while the script gets ready: one file after the other in the order in which they need each other, and the
// browser has its turn in between. A page in the background is not painted at all; there the clock decides.
const turn = () =>
  new Promise((done) => {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = done;
    port2.postMessage(null);
  });
async function start() {
  const painted = new Promise((done) => requestAnimationFrame(() => setTimeout(done)));
  await Promise.race([painted, new Promise((done) => setTimeout(done, 300))]);
  try {
    // All are on their way at once; from here on they do not take the network from what the beginning is drawn with.
    const pieces = [...document.querySelectorAll('link[rel="piece"]')];
    for (const piece of pieces) piece.rel = "modulepreload";
    if (root.dataset.start === undefined) {
      // The run that the beginning shows: asked for with the script, not by it.
      const link = document.createElement("link");
      Object.assign(link, { rel: "preload", as: "fetch", crossOrigin: "anonymous", href: "./recordings/first-run.jsonl" });
      document.head.append(link);
    }
    for (const { href } of pieces) {
      await import(href);
      await turn();
    }
  } catch (thrown) {
    const line = document.createElement("p");
    line.className = "start-failed";
    line.setAttribute("role", "alert");
    line.textContent = "The page's script could not be fetched, or does not run here. Check the connection and reload the page, or open it in a current browser.";
    document.body.prepend(line);
    throw thrown;
  }
}
document.addEventListener("DOMContentLoaded", start);
