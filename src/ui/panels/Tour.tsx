/** What one is looking at: three sentences under the text, the one about the shown moment in full ink, and what the drawing is for. */
import { captionsOf } from "../captions";
import { kindOf, useMoment } from "../moment";
import { closeTour, useLayout } from "../stores/layout";
import { shownView } from "../views/index";
import { CloseIcon } from "./icons";

export function Tour() {
  const isOpen = useLayout((s) => s.isTourOpen);
  const { view, step } = useMoment();
  const tab = useLayout((s) => s.view);
  if (!isOpen || !view.start) return null;
  const { lines, now } = captionsOf(view, step);
  const { label, about } = shownView(tab, kindOf(view)).head;
  return (
    <section className="tour" aria-label="What you are looking at" data-testid="tour">
      <ol>
        {lines.map((line, i) => (
          <li key={line} aria-current={i === now ? "step" : undefined}>
            <span className="tour-number figures">{i + 1}</span>
            {line}
          </li>
        ))}
      </ol>
      {about !== undefined && (
        <p className="tour-view">
          <strong>{label}</strong> {about}
        </p>
      )}
      <button type="button" className="quiet square" aria-label="Close the explanation" onClick={closeTour}>
        <CloseIcon />
      </button>
    </section>
  );
}
