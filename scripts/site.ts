/** Parts of the build that make the page a site: its security policy, and the page for addresses that lead nowhere. */
import type { Plugin } from "vite";
import { plainPage } from "./plain_page.ts";

/** Where models may be fetched from besides the page's own host. */
const HUB = "https://huggingface.co https://*.huggingface.co https://*.hf.co";

/**
 * What the page may do. Scripts are files of the page, and nothing in it is evaluated; the charts write style elements, which is why
 * styles may stand in the page.
 *
 * Frames: any site may show the page in one, for that is what embedding a run is. `frame-ancestors` has no effect in a meta element, and
 * static hosts give no say over headers, so the page cannot choose who frames it; it chooses what it is in a frame. There it is a
 * replay without anything to run, fetch, store or delete (ui/embed/options.ts), and a click that was led astray does no harm.
 * It frames nothing itself: `default-src 'none'` holds for frames too.
 */
const POLICY: Readonly<Record<string, string>> = {
  "default-src": "'none'",
  "script-src": "'self'",
  "style-src": "'self' 'unsafe-inline'",
  "font-src": "'self' data:",
  "img-src": "'self' data: blob:",
  "connect-src": `'self' ${HUB}`,
  "worker-src": "'self'",
  "manifest-src": "'self'",
  "base-uri": "'none'",
  "form-action": "'none'",
};

export const policyText = Object.entries(POLICY)
  .map(([name, value]) => `${name} ${value}`)
  .join("; ");

/** Absolute address of the published page, with a slash at its end: the workflow knows it, a build on a desk does not. */
const siteUrl = (): string | null => process.env["SITE_URL"]?.replace(/\/*$/, "/") ?? null;

const notFoundPage = (home: string): string =>
  plainPage(
    "Not here",
    `<h1>Nothing is at this address</h1>
<p>Decoscope is a single page. Links to runs and places have everything after a \u201c#\u201d, which the address here has lost or never had.</p>
<p><a href="${home}">Open Decoscope</a>, its <a href="${home}#gallery">gallery of methods</a>, its <a href="${home}#benchmarks">benchmarks</a> or its <a href="${home}#models">models</a>.</p>`,
    '<meta name="robots" content="noindex" />',
  );

/** Only in the built page: the development server works with scripts in the page. */
export const site = (): Plugin => ({
  name: "site",
  apply: "build",
  transformIndexHtml: {
    order: "post",
    handler: () => {
      const url = siteUrl();
      return [
        {
          tag: "meta",
          attrs: { "http-equiv": "Content-Security-Policy", content: policyText },
          injectTo: "head-prepend" as const,
        },
        ...(url === null
          ? []
          : [
              { tag: "link", attrs: { rel: "canonical", href: url }, injectTo: "head" as const },
              { tag: "meta", attrs: { property: "og:url", content: url }, injectTo: "head" as const },
              {
                tag: "meta",
                attrs: { property: "og:image", content: `${url}preview.png` },
                injectTo: "head" as const,
              },
            ]),
      ];
    },
  },
  generateBundle() {
    this.emitFile({ type: "asset", fileName: "404.html", source: notFoundPage(siteUrl() ?? "/") });
  },
});
