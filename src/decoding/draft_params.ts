/** Settings that methods with a draft model share. */
import { number } from "../base/params";

export const draftTemperature = number({
  default: 0,
  min: 0,
  max: 2,
  step: 0.05,
  label: "Draft temperature",
  help: "Temperature of the draft model; 0 uses that of the target. The text keeps the target's law either way; lower values propose the likely tokens more often.",
});
