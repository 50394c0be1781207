/** Windows of Qwen2 and Qwen3: none unless asked for, then on the layers from max_window_layers on. */
import { type DecoderFields, readWindows } from "../decoder_config";

/** The window of each layer, as {@link readWindows} says them. @throws DecoscopeError as there */
export function qwenWindows(fields: DecoderFields, file: string): (number | null)[] {
  const isAsked = fields.use_sliding_window === true && fields.sliding_window != null;
  const known = isAsked ? fields : { ...fields, sliding_window: null };
  return readWindows(known, file, (l) => isAsked && l >= (fields.max_window_layers ?? 28));
}
