/** The place where runs are put beside one another: two to four methods on one prompt, raced by what they spend. */
import { useEffect, useId, useMemo, useRef, useState } from "react";
import { adapterName } from "../adapter";
import { labelOf, methodOf, runSchema, samplerSchema } from "../definitions";
import { download } from "../download";
import { cancel, report } from "../engine";
import { ParamsForm } from "../form/ParamsForm";
import { bytes, listed, plural } from "../format";
import { FileInput } from "../panels/FileInput";
import { NoWebGpu } from "../panels/NoWebGpu";
import { Notices } from "../panels/Notices";
import { PauseIcon, PlayIcon } from "../panels/icons";
import { isBusy, useEngine } from "../stores/engine";
import { useRoute } from "../stores/route";
import { kindOfMethod } from "../moment";
import { tabsFor } from "../views/index";
import {
  comparisonFragment,
  fillFirst,
  openComparison,
  pause,
  play,
  runLanes,
  showStart,
  spend,
  STARTS,
} from "./actions";
import { CostTable } from "./CostTable";
import { Differences } from "./Differences";
import { LaneKey } from "./LaneKey";
import { amount, LaneView } from "./LaneView";
import { isMeasure, trackOf, type Measure } from "./race";
import { openRaceFile, writeRace } from "./race_file";
import { addLane, changeShared, isMadeHere, MOST_LANES, useCompare, type Lane } from "./store";
import "../sharing/link_field.css";
import "./compare.css";

const BY: readonly { readonly value: Measure; readonly label: string }[] = [
  { value: "passes", label: "target passes" },
  { value: "rows", label: "row-layers" },
  { value: "time", label: "wall clock" },
];

function Shared({ first }: { readonly first: Lane }) {
  const id = useId();
  const { prompt, sampler, maxNewTokens, seed } = first.settings;
  return (
    <section className="compare-shared" aria-label="What all runs share">
      <div>
        <label className="section-name" htmlFor={id}>
          Prompt
        </label>
        <textarea
          id={id}
          rows={3}
          value={prompt}
          aria-describedby={`${id}-help`}
          onChange={(e) => changeShared({ prompt: e.target.value })}
        />
        <p id={`${id}-help`} className="help">
          All runs have this prompt and these settings; each has its own method.
        </p>
      </div>
      <details className="more">
        <summary>
          Temperature {sampler.temperature}, {maxNewTokens} new tokens, seed {seed}
        </summary>
        <ParamsForm
          schema={{ temperature: samplerSchema.temperature, ...runSchema }}
          values={{ temperature: sampler.temperature, maxNewTokens, seed }}
          onChange={(key, value) =>
            changeShared(
              key === "temperature"
                ? { sampler: { ...sampler, temperature: Number(value) } }
                : { [key]: Number(value) },
            )
          }
        />
      </details>
    </section>
  );
}

function RunButtons({ lanes }: { readonly lanes: readonly Lane[] }) {
  const phase = useEngine((s) => s.phase);
  const running = useCompare((s) => s.running);
  const isMissing = lanes.some((lane) => lane.timeline?.latest.status.state !== "ended");
  if (running !== null)
    return (
      <button
        type="button"
        onClick={() => {
          useCompare.setState({ running: null });
          cancel();
        }}
      >
        Cancel
      </button>
    );
  return (
    <>
      <button
        type="button"
        className="primary"
        disabled={isBusy(phase) && phase !== "running" && phase !== "paused"}
        onClick={() => void runLanes(!isMissing)}
      >
        {isMissing ? "Run" : "Run again"}
      </button>
      <button type="button" disabled={lanes.length >= MOST_LANES} onClick={addLane}>
        Add a run
      </button>
    </>
  );
}

function RaceBar({ longest }: { readonly longest: number }) {
  const by = useCompare((s) => s.by);
  const spent = useCompare((s) => s.spent);
  const isPlaying = useCompare((s) => s.isPlaying);
  const now = Math.min(spent ?? longest, longest);
  const bar = useRef<HTMLDivElement>(null);
  const isFromLink = useCompare((s) => s.opened !== null);
  // On a phone the race lies under everything that starts it.
  useEffect(() => {
    const top = bar.current?.getBoundingClientRect().top ?? 0;
    if ((isPlaying || isFromLink) && top > 0.75 * innerHeight)
      bar.current?.scrollIntoView({ block: "start" });
  }, [isPlaying, isFromLink]);
  return (
    <div className="race-bar" ref={bar}>
      <button
        type="button"
        className="square"
        disabled={longest === 0}
        aria-label={isPlaying ? "Pause the race" : "Play the race"}
        onClick={() => (isPlaying ? pause() : play())}
      >
        {isPlaying ? <PauseIcon /> : <PlayIcon />}
      </button>
      <input
        type="range"
        aria-label="Spent by every run"
        aria-valuetext={amount(now, by)}
        min={0}
        max={longest}
        step={by === "time" ? longest / 500 || 1 : 1}
        value={now}
        disabled={longest === 0}
        style={{ "--filled": `${longest > 0 ? (now / longest) * 100 : 0}%` }}
        onChange={(e) => {
          const to = Number(e.target.value);
          spend(to >= longest ? null : to);
        }}
      />
      <output className="figures" data-testid="race-spent">
        {amount(now, by)}
      </output>
      <span className="race-by">
        <span aria-hidden="true">by</span>
        <select
          aria-label="Raced by"
          value={by}
          onChange={(e) => {
            pause();
            if (isMeasure(e.target.value)) useCompare.setState({ by: e.target.value, spent: null });
          }}
        >
          {BY.map((m) => (
            <option key={m.value} value={m.value}>
              {m.label}
            </option>
          ))}
        </select>
      </span>
    </div>
  );
}

function ViewPicker({ lanes }: { readonly lanes: readonly Lane[] }) {
  const id = useId();
  const view = useCompare((s) => s.view);
  const kinds = new Set(lanes.map((l) => kindOfMethod(methodOf(l.settings.method))));
  const offered = [...new Set([...kinds].flatMap((kind) => tabsFor(kind)))].map(({ head }) => head);
  return (
    <div className="compare-view">
      <label htmlFor={id}>Drawing</label>
      <select
        id={id}
        value={offered.some((v) => v.id === view) ? view : offered[0]?.id}
        onChange={(e) => useCompare.setState({ view: e.target.value })}
      >
        {offered.map((v) => (
          <option key={v.id} value={v.id}>
            {v.label}
          </option>
        ))}
      </select>
    </div>
  );
}

/** Opens a race that was saved. */
function OpenRace() {
  const input = useRef<HTMLInputElement>(null);
  return (
    <>
      <FileInput
        ref={input}
        name="Race file"
        accept=".json,application/json"
        onChoose={(file) => void openRaceFile(file).catch(report)}
      />
      <button type="button" onClick={() => input.current?.click()}>
        Open a saved race
      </button>
    </>
  );
}

function LinkRow({ lanes }: { readonly lanes: readonly Lane[] }) {
  const hasRuns = lanes.some((lane) => lane.length > 0);
  // What was made of other runs is no link to these.
  const [made, setMade] = useState<{ readonly of: readonly Lane[]; readonly href: string }>();
  const link = made?.of === lanes ? made.href : "";
  const [copied, setSaid] = useState("");
  const said = made === undefined || made.of === lanes ? copied : "";
  const make = async (withRuns: boolean) => {
    const url = new URL(location.href);
    url.hash = comparisonFragment(withRuns);
    setMade({ of: lanes, href: url.href });
    try {
      await navigator.clipboard.writeText(url.href);
      setSaid(`Copied, ${bytes(url.href.length)}.`);
    } catch {
      setSaid(`Select the link and copy it, ${bytes(url.href.length)}.`);
    }
  };
  return (
    <section className="compare-link" aria-label="Share this comparison">
      <div className="compare-buttons">
        <span className="section-name">Share</span>
        <button
          type="button"
          disabled={!hasRuns}
          title="Everybody sees the same race, without WebGPU too"
          onClick={() => void make(true)}
        >
          Link with these runs
        </button>
        <button
          type="button"
          title="Whoever opens it runs them on their own device"
          onClick={() => void make(false)}
        >
          Link with the settings
        </button>
        <button
          type="button"
          disabled={!hasRuns}
          title="A file of the runs and their settings. It opens here, and with Trace in the playground"
          onClick={() => {
            const { name, text } = writeRace();
            const file = new Blob([text], { type: "application/json" });
            download(name, file);
            setSaid(`Saved ${name}, ${bytes(file.size)}. It opens here again.`);
          }}
        >
          Save the race
        </button>
        <OpenRace />
      </div>
      {link !== "" && (
        <input
          className="link-field"
          aria-label="Link to this comparison"
          data-testid="compare-link"
          readOnly
          value={link}
          onFocus={(e) => e.target.select()}
        />
      )}
      <p className="help" role="status">
        {said}
      </p>
    </section>
  );
}

/** Where the runs were made, as far as that is not here, and what a clock of runs made here has counted. */
function Origin({ lanes, by }: { readonly lanes: readonly Lane[]; readonly by: Measure }) {
  const ran = lanes.flatMap(({ timeline }) => (timeline && timeline.length > 0 ? [timeline] : []));
  const others = ran.filter((timeline) => !isMadeHere(timeline));
  const adapters = [...new Set(others.flatMap(({ latest }) => latest.start?.adapter ?? []))];
  const hasOwnTimes = by === "time" && others.length < ran.length;
  if (others.length === 0 && !hasOwnTimes) return null;
  return (
    <p className="help" data-testid="race-origin">
      {others.length > 0 && (
        <>
          {others.length === ran.length ? "Recorded runs" : plural(others.length, "recorded run")}, made on{" "}
          <span title={adapters.join("; ")}>{listed([...new Set(adapters.map((a) => adapterName(a)))])}</span>
          {". \u201cRun again\u201d makes them on this device. "}
        </>
      )}
      {hasOwnTimes &&
        "A method\u2019s first run on this page holds the compiling of its kernels; run again for times without it."}
    </p>
  );
}

export function Compare() {
  const item = useRoute((s) => (s.place === "compare" ? s.item : null));
  const lanes = useCompare((s) => s.lanes);
  const by = useCompare((s) => s.by);
  useEffect(() => {
    if (item !== null && useCompare.getState().opened !== item) {
      useCompare.setState({ opened: item });
      openComparison(item);
    }
    void fillFirst();
    return pause;
  }, [item]);
  const longest = useMemo(
    () => Math.max(0, ...lanes.map((lane) => (lane.timeline && trackOf(lane.timeline, by)?.total) || 0)),
    [lanes, by],
  );
  const [first] = lanes;
  const names = lanes.map((lane) => labelOf(lane.settings.method)).join(", ");
  return (
    <div className="place-body compare">
      <header>
        <h2>Compare</h2>
        <p>
          Two to four methods on one prompt, one after another on this device, then raced side by side: at
          each moment of the race every run has spent the same.
        </p>
      </header>
      <Notices />
      <div className="compare-starts" role="group" aria-label="Races to begin with">
        {STARTS.map(({ label, methods }) => (
          <button
            key={label}
            type="button"
            className="chip"
            aria-pressed={methods.join() === lanes.map((lane) => lane.settings.method).join()}
            onClick={() => void showStart(methods)}
          >
            {label}
            <span className="start-methods">{listed(methods.map(labelOf))}</span>
          </button>
        ))}
      </div>
      {!first && <p className="help">Loading two recorded runs…</p>}
      {first && (
        <>
          <Shared first={first} />
          <div className="compare-buttons">
            <NoWebGpu />
            <RunButtons lanes={lanes} />
            <ViewPicker lanes={lanes} />
          </div>
          <LinkRow lanes={lanes} />
          <RaceBar longest={longest} />
          <Origin lanes={lanes} by={by} />
          <LaneKey lanes={lanes} />
          <div className="lanes" data-count={lanes.length} role="group" aria-label={`Race of ${names}`}>
            {lanes.map((lane, i) => (
              <LaneView key={lane.id} lane={lane} index={i} longest={longest} />
            ))}
          </div>
          <section aria-label="Costs of the runs">
            <h3>Costs</h3>
            <CostTable lanes={lanes} />
          </section>
          <Differences lanes={lanes} />
        </>
      )}
    </div>
  );
}
