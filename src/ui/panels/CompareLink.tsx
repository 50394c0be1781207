/** The way from the playground to a race: takes the run on the stage, or the setup, along. */
import { report } from "../engine";
import { hrefOf } from "../routes";

interface CompareLinkProps {
  readonly what: "stage" | "setup";
}

const WORDS = {
  stage: { label: "Race", title: "Put this run beside another method, on one prompt" },
  setup: { label: "Race\u2026", title: "Put these settings beside another method, on one prompt" },
} as const;

export function CompareLink({ what }: CompareLinkProps) {
  const { label, title } = WORDS[what];
  return (
    <a
      className={what === "stage" ? "caption-button" : "button-link"}
      href={hrefOf("compare")}
      title={title}
      onClick={(e) => {
        // In a new tab, or without this code, the place fills itself.
        if (e.ctrlKey || e.metaKey || e.shiftKey) return;
        e.preventDefault();
        import("../compare/actions").then(({ compareFrom }) => {
          compareFrom(what);
          location.hash = hrefOf("compare");
        }, report);
      }}
    >
      {label}
    </a>
  );
}
