/** Pages beside the page that are only read: no script, nothing fetched. */

/** Text as HTML. */
export const textOf = (text: string): string => text.replace(/[&<>"]/g, (c) => `&#${c.charCodeAt(0)};`);

/** @param body HTML */
export const plainPage = (title: string, body: string, head = ""): string => `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8" />
    <meta name="viewport" content="width=device-width, initial-scale=1" />
    <meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'" />
    ${head}
    <title>${title} · Decoscope</title>
    <style>
      /* The colours of src/ui/styles/tokens.css; faces are the visitor's own, since nothing is fetched. */
      :root { color-scheme: light dark; --paper: #faf8f3; --sheet: #fefdfa; --rule: #e3ddd1; --ink: #1f1d1a; --ink-soft: #5d5850; --focus: #0b62a8; --serif: "Source Serif 4", "Iowan Old Style", "Palatino Linotype", Charter, Georgia, serif; }
      @media (prefers-color-scheme: dark) { :root { --paper: #141414; --sheet: #181817; --rule: #2f2d2a; --ink: #ebe7de; --ink-soft: #aaa498; --focus: #6cb8f0; } }
      body { max-width: 44rem; margin: 10vh auto 16vh; padding: 0 1.5rem; background: var(--paper); color: var(--ink); font: 15px/1.55 Inter, ui-sans-serif, system-ui, "Segoe UI", sans-serif; }
      h1, h2 { font-family: var(--serif); font-weight: 600; line-height: 1.2; letter-spacing: -0.01em; }
      h1 { font-size: 30px; }
      h2 { margin-top: 3rem; padding-bottom: 0.4rem; border-bottom: 1px solid var(--rule); font-size: 20px; }
      a { color: inherit; text-underline-offset: 2px; }
      a:focus-visible, pre:focus-visible { outline: 2px solid var(--focus); outline-offset: 2px; }
      ul { padding-left: 1.1em; }
      small { color: var(--ink-soft); font-size: 12.5px; }
      section { margin: 1.5rem 0 2.5rem; }
      pre { overflow: auto; max-height: 16rem; margin: 0; padding: 0.8rem 1rem; border: 1px solid var(--rule); border-radius: 6px; background: var(--sheet); color: var(--ink-soft); font: 12.5px/1.5 ui-monospace, monospace; white-space: pre-wrap; overflow-wrap: anywhere; }
    </style>
  </head>
  <body>
    <main>
${body}
    </main>
  </body>
</html>
`;
