/** How a model is kept on the device, in words. */
import type { Kept } from "../../worker/api";
import { count } from "../format";

export const keptText = ({ storage, cacheStorage, context }: Kept): string =>
  `weights in ${storage}, keys and values in ${cacheStorage}, texts of up to ${count(context)} tokens`;
