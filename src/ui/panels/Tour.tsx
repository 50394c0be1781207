/** What one is looking at: three sentences under the text, the one about the shown moment in full ink. */
import { captionsOf } from "../captions";
import { useMoment } from "../moment";
import { closeTour, useLayout } from "../stores/layout";
import { CloseIcon } from "./icons";

export function Tour() {
  const isOpen = useLayout((s) => s.isTourOpen);
  const { view, step } = useMoment();
  if (!isOpen || !view.start) return null;
  const { lines, now } = captionsOf(view, step);
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
      <button type="button" className="quiet square" aria-label="Close the explanation" onClick={closeTour}>
        <CloseIcon />
      </button>
    </section>
  );
}
