/** Under the run's caption: what its method is about and did not happen in this run. */
import { idleRules } from "../idle_rules";
import { useRun } from "../stores/run";

export function IdleRules() {
  const latest = useRun((s) => s.latest);
  const said = idleRules(latest);
  if (said.length === 0) return null;
  return (
    <div className="idle-rules" role="status" data-testid="idle-rules">
      {said.map((line) => (
        <p key={line}>{line}</p>
      ))}
    </div>
  );
}
