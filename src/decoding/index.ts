/** Every decoding method, in the order of the menu. A new method is one file and one line here. */
import { autoregressive } from "./autoregressive";
import { combinedDenoising } from "./combined_denoising";
import { depthWavefront } from "./depth_wavefront";
import { dkvCache } from "./dkv_cache";
import { dyspec } from "./dyspec";
import { eagleTree } from "./eagle_tree";
import { eoserAss } from "./eoser_ass";
import { fastDllm } from "./fast_dllm";
import { guidedDiffusion } from "./guided_diffusion";
import { jacobi } from "./jacobi";
import { lowConfidence } from "./low_confidence";
import type { Method } from "./method";
import { mor } from "./mor";
import { promptLookup } from "./prompt_lookup";
import { prophet } from "./prophet";
import { radd } from "./radd";
import { randomOrderMethod } from "./random_order";
import { recurrent } from "./recurrent";
import { remdm } from "./remdm";
import { rsdC } from "./rsd_c";
import { rsdS } from "./rsd_s";
import { specinfer } from "./specinfer";
import { spectr } from "./spectr";
import { selfSpeculation } from "./self_speculation";
import { sequoia } from "./sequoia";
import { speculativeChain } from "./speculative_chain";
import { tokenRecycling } from "./token_recycling";

export const methods: readonly Method[] = [
  autoregressive,
  speculativeChain,
  rsdC,
  rsdS,
  spectr,
  specinfer,
  sequoia,
  dyspec,
  eagleTree,
  tokenRecycling,
  promptLookup,
  jacobi,
  lowConfidence,
  randomOrderMethod,
  fastDllm,
  radd,
  remdm,
  prophet,
  eoserAss,
  dkvCache,
  guidedDiffusion,
  combinedDenoising,
  recurrent,
  depthWavefront,
  selfSpeculation,
  mor,
];

/** Those that append to a text, and those that fill a canvas of masks: two contracts, see session.ts and canvas/session.ts. */
export const textMethods = methods.filter((m) => m.requires.startsWith("causal"));
/** Those of models of recurrent depth: their contract is that of texts, or that of depth/session.ts. */
export const depthMethods = methods.filter((m) => m.requires === "recurrent" || m.requires === "routed");
export const canvasMethods = methods.filter((m) => m.requires.startsWith("masked"));

/** The method with this id; undefined for ids that this version does not know. */
export const findMethod = (id: string): Method | undefined => methods.find((method) => method.id === id);
