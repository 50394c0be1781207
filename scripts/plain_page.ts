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
      :root { color-scheme: light dark; }
      body { max-width: 42rem; margin: 12vh auto 20vh; padding: 0 1.5rem; font: 17px/1.55 ui-serif, Georgia, serif; }
      a { color: inherit; }
      h2 { margin-top: 3rem; }
      ul { padding-left: 1.1em; }
      small { font-size: 0.8em; opacity: 0.85; }
      section { margin: 1.5rem 0 2.5rem; }
      pre { overflow: auto; max-height: 16rem; margin: 0; padding: 0.8rem 1rem; border: 1px solid #8886; border-radius: 6px; font: 12.5px/1.5 ui-monospace, monospace; white-space: pre-wrap; overflow-wrap: anywhere; }
    </style>
  </head>
  <body>
    <main>
${body}
    </main>
  </body>
</html>
`;
