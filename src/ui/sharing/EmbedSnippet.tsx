/** The line of HTML that shows the run inside another page. */
import { useId, useState } from "react";
import { embedAddress } from "../embed/options";
import type { Theme } from "../stores/layout";
import { CopyRow } from "./CopyRow";

/** Widths fill their column where it is narrower. */
const SIZES = [
  { label: "Small, 480 × 480", width: 480, height: 480 },
  { label: "Medium, 760 × 600", width: 760, height: 600 },
  { label: "Large, 1080 × 720", width: 1080, height: 720 },
] as const;
const THEMES: readonly { readonly theme: Theme; readonly label: string }[] = [
  { theme: "system", label: "As the reader prefers" },
  { theme: "light", label: "Light" },
  { theme: "dark", label: "Dark" },
];

const escaped = (text: string): string => text.replace(/&/g, "&amp;").replace(/"/g, "&quot;");

/** The element for a link with a recording. */
export const snippetOf = (link: string, { width, height }: { width: number; height: number }, theme: Theme) =>
  `<iframe src="${escaped(embedAddress(link, theme))}" title="A recorded run in Decoscope" width="${width}" height="${height}" style="max-width: 100%; border: 1px solid #8886" loading="lazy"></iframe>`;

export function EmbedSnippet({ link }: { readonly link: string }) {
  const id = useId();
  const [size, setSize] = useState(1);
  const [theme, setTheme] = useState<Theme>("system");
  return (
    <section className="share-part" aria-labelledby={`${id}-title`}>
      <h3 id={`${id}-title`}>Inside another page</h3>
      <p className="help">
        A frame with stage and transport, for a course, a blog or slides made of HTML. It shows the recording
        and runs nothing.
      </p>
      <div className="share-options">
        <label htmlFor={`${id}-size`}>Size</label>
        <select id={`${id}-size`} value={size} onChange={(e) => setSize(Number(e.target.value))}>
          {SIZES.map(({ label }, i) => (
            <option key={label} value={i}>
              {label}
            </option>
          ))}
        </select>
        <label htmlFor={`${id}-theme`}>Theme</label>
        <select id={`${id}-theme`} value={theme} onChange={(e) => setTheme(e.target.value as Theme)}>
          {THEMES.map((t) => (
            <option key={t.theme} value={t.theme}>
              {t.label}
            </option>
          ))}
        </select>
      </div>
      <CopyRow
        name="HTML"
        action="Copy HTML"
        testId="embed-html"
        value={snippetOf(link, SIZES[size] ?? SIZES[1], theme)}
      />
    </section>
  );
}
