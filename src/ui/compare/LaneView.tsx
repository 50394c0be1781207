/** One of the compared runs: its method, where it stands in the race, its text and a drawing. */
import { useId, useRef } from "react";
import type { Timeline } from "../../trace/timeline";
import { fits, methodOf, modelOf, models } from "../definitions";
import { ParamsForm } from "../form/ParamsForm";
import { count, duration } from "../format";
import { CloseIcon } from "../panels/icons";
import { MethodSelect } from "../panels/MethodSelect";
import { useSize } from "../panels/use_size";
import { kindOf } from "../moment";
import { useView } from "../panels/use_view";
import { useLayout } from "../stores/layout";
import { shownView } from "../views/index";
import { LaneText } from "./LaneText";
import { momentAt, trackOf, type Measure } from "./race";
import {
  changeLane,
  LEAST_LANES,
  removeLane,
  setLaneMethod,
  setLaneParam,
  useCompare,
  type Lane,
} from "./store";

/** Height of a drawing that has none of its own. */
const HEIGHT = 220;

export const UNITS: Readonly<Record<Measure, string>> = {
  passes: "target passes",
  rows: "row-layers",
  time: "",
};
/** An amount of what runs are raced by, with its unit. */
export const amount = (value: number, by: Measure): string =>
  by === "time" ? duration(value) : `${count(Math.floor(value + 1e-9))} ${UNITS[by]}`;

function Drawing({ timeline, moment }: { readonly timeline: Timeline; readonly moment: number }) {
  const id = useCompare((s) => s.view);
  const frame = useRef<HTMLDivElement>(null);
  const width = useSize(frame)?.width ?? 0;
  const choices = useLayout((s) => s.choices);
  const view = timeline.viewAt(moment);
  const tab = shownView(id, kindOf(timeline.latest));
  const definition = useView(tab);
  const drawn = tab.head.isWholeRun ? timeline.latest : view;
  const step = view.rounds.length - 1;
  const choice = tab.head.choice?.options.find((o) => o.value === choices[id])?.value;
  const height = definition?.heightAt?.(drawn, step, width) ?? HEIGHT;
  return (
    <div className="lane-drawing" ref={frame} tabIndex={0} role="group" aria-label={tab.head.label}>
      {definition && width > 0 && drawn.rounds.length > 0 && (
        <definition.Drawing
          view={drawn}
          step={step}
          size={{ width, height }}
          placement={null}
          choice={choice}
        />
      )}
    </div>
  );
}

function Progress({ lane, longest }: { readonly lane: Lane; readonly longest: number }) {
  const by = useCompare((s) => s.by);
  const spent = useCompare((s) => s.spent);
  const isRunning = useCompare((s) => s.running === lane.id);
  const track = lane.timeline && trackOf(lane.timeline, by);
  if (!track) return <p className="lane-progress help">{isRunning ? "running" : "not run yet"}</p>;
  const now = Math.min(spent ?? track.total, track.total);
  const isDone = !isRunning && now >= track.total;
  const share = longest > 0 ? now / longest : 0;
  return (
    <div className="lane-progress" data-done={isDone || undefined}>
      <div
        className="lane-bar"
        role="meter"
        aria-label="Spent"
        aria-valuemin={0}
        aria-valuemax={Math.max(longest, 1e-9)}
        aria-valuenow={now}
        aria-valuetext={amount(now, by)}
      >
        <span style={{ width: `${(share * 100).toFixed(2)}%` }} />
      </div>
      <p className="figures" data-testid="lane-spent">
        {amount(now, by)}
        {isRunning ? ", running" : isDone ? ", done" : ` of ${amount(track.total, by)}`}
      </p>
    </div>
  );
}

function LaneSettings({ lane }: { readonly lane: Lane }) {
  const id = useId();
  const method = methodOf(lane.settings.method);
  if (!method) return null;
  const tokenizer = modelOf(lane.settings.model)?.tokenizer;
  const able = models.filter((m) => fits(method, m.id) && m.tokenizer === tokenizer);
  return (
    <details className="more lane-settings">
      <summary>Settings</summary>
      {able.length > 1 && (
        <div className="field">
          <label htmlFor={id}>Model</label>
          <select
            id={id}
            value={lane.settings.model}
            onChange={(e) =>
              changeLane(lane.id, (s) => ({
                ...s,
                model: e.target.value,
                draft: s.draft === null ? null : (modelOf(e.target.value)?.draft ?? null),
              }))
            }
          >
            {able.map((m) => (
              <option key={m.id} value={m.id}>
                {m.label}
              </option>
            ))}
          </select>
        </div>
      )}
      <ParamsForm
        schema={method.params}
        values={lane.settings.params}
        onChange={(key, value) => setLaneParam(lane.id, key, value)}
      />
    </details>
  );
}

interface LaneViewProps {
  readonly lane: Lane;
  readonly index: number;
  /** The most that any run has spent. */
  readonly longest: number;
}

export function LaneView({ lane, index, longest }: LaneViewProps) {
  const id = useId();
  const by = useCompare((s) => s.by);
  const moment = useCompare((s) =>
    lane.timeline
      ? momentAt(lane.timeline, s.spent === null ? null : trackOf(lane.timeline, by), s.spent)
      : 0,
  );
  const canRemove = useCompare((s) => s.lanes.length > LEAST_LANES);
  const { timeline } = lane;
  const view = timeline?.viewAt(moment);
  return (
    <section className="lane" aria-label={`Run ${index + 1}`} data-testid="lane">
      <div className="lane-head">
        <label className="visually-hidden" htmlFor={id}>{`Method of run ${index + 1}`}</label>
        <span className="lane-number figures" aria-hidden="true">
          {index + 1}
        </span>
        <MethodSelect
          id={id}
          value={lane.settings.method}
          onChange={(method) => setLaneMethod(lane.id, method)}
        />
        {canRemove && (
          <button
            type="button"
            className="quiet square"
            aria-label={`Remove run ${index + 1}`}
            title="Remove"
            onClick={() => removeLane(lane.id)}
          >
            <CloseIcon />
          </button>
        )}
      </div>
      <Progress lane={lane} longest={longest} />
      {timeline && view && lane.length > 0 ? (
        <>
          <LaneText view={view} step={view.rounds.length - 1} />
          <Drawing timeline={timeline} moment={moment} />
        </>
      ) : (
        <p className="lane-empty help">Nothing yet: press Run.</p>
      )}
      <LaneSettings lane={lane} />
    </section>
  );
}
