/** Under the run's caption: what its method is about and did not happen in this run, or that it stopped early. */
import { earlyStop } from "../early_stop";
import { idleRules } from "../idle_rules";
import { useMoment } from "../moment";
import { useRun } from "../stores/run";

export function IdleRules() {
  const latest = useRun((s) => s.latest);
  const { view } = useMoment();
  const said = idleRules(latest);
  const early = earlyStop(view);
  return (
    <>
      {said.length > 0 && (
        <div className="idle-rules" role="status" data-testid="idle-rules">
          {said.map((line) => (
            <p key={line}>{line}</p>
          ))}
        </div>
      )}
      {early !== null && (
        <p className="idle-rules early-stop" role="status">
          {early}
        </p>
      )}
    </>
  );
}
