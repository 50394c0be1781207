/** Where a number stands on its slider, and which number a place on the slider is. */
import type { IntegerOption, NumberOption } from "../../base/params";

export interface Slider {
  readonly min: number;
  readonly max: number;
  readonly step: number;
  readonly placeOf: (value: number) => number;
  readonly valueAt: (place: number) => number;
}

/** Places of a slider that is not even: one for each end, the others between them. */
const PLACES = 100;

const twoDigits = (v: number): number => Number(v.toPrecision(2));
const logOdds = (p: number): number => Math.log(p / (1 - p));
/** Two digits of the chance or of what it lacks to 1, whichever is less: 0.0012, 0.9988. */
const chanceAt = (odds: number): number => {
  const rarer = twoDigits(1 / (1 + Math.exp(Math.abs(odds))));
  return odds > 0 ? Number((1 - rarer).toFixed(12)) : rarer;
};

/** The slider of an option. On an uneven one `min` and `max` are the ends and the others lie between, see `SliderScale`. */
export function sliderOf(option: IntegerOption | NumberOption): Slider {
  const { min, max } = option;
  const scale = option.kind === "number" ? option.scale : undefined;
  if (!scale) {
    const step = option.kind === "integer" ? 1 : option.step;
    return { min, max, step, placeOf: (value) => value, valueAt: (place) => place };
  }
  const { least } = scale;
  const isOdds = scale.by === "log-odds";
  const to = isOdds ? logOdds : Math.log;
  const [from, until] = [to(least), to(isOdds ? 1 - least : max)];
  // The largest value of a logarithmic slider is its end; of log-odds the end is one place further.
  const last = isOdds ? PLACES - 1 : PLACES;
  return {
    ...{ min: 0, max: PLACES, step: 1 },
    placeOf(value) {
      if (value <= min) return 0;
      if (value >= max) return PLACES;
      const inside = isOdds ? Math.min(1 - least, Math.max(least, value)) : Math.max(least, value);
      return Math.round(1 + ((to(inside) - from) / (until - from)) * (last - 1));
    },
    valueAt(place) {
      if (place <= 0) return min;
      if (place >= PLACES) return max;
      const at = from + ((place - 1) / (last - 1)) * (until - from);
      return isOdds ? chanceAt(at) : twoDigits(Math.exp(at));
    },
  };
}
