/** Every kernel there is; tests/unit/kernels checks each definition against its WGSL. */
import type { Kernel } from "../engine/kernel";
import { attentionKernel, attentionMergeKernel, attentionRowsKernel } from "./attention";
import {
  draftGuessesKernel,
  draftLookupKernel,
  draftTemplateKernel,
  learnSuccessorsKernel,
  shiftGuessesKernel,
} from "./chosen_tree";
import { chooseDepthKernel } from "./choose_depth";
import { compactSlotsKernel } from "./compact_slots";
import {
  appendBeamKernel,
  appendPathsKernel,
  appendPlannedKernel,
  drawChildrenKernel,
  drawIndependentKernel,
} from "./expand_tree";
import {
  embedMixKernel,
  latentStartKernel,
  recurBeginKernel,
  recurEndKernel,
  routeRowsKernel,
} from "./latents";
import { latentAccelerationKernel } from "./latent_acceleration";
import { lawAtKernel } from "./law_at";
import { exitGateKernel } from "./exit_gate";
import { recurAdmitKernel } from "./recur_admit";
import { readoutSignalsKernel } from "./readout_signals";
import { rankTreeKernel } from "./rank_tree";
import { processLogitsKernel } from "./process_logits";
import { rowStatsKernel } from "./row_stats";
import { rowsSpanKernel, rowsTailKernel, rowsTreeKernel } from "./rows";
import { sampleCommitKernel } from "./sample_commit";
import { tokenRanksKernel } from "./token_ranks";
import { topTokensKernel } from "./top_tokens";
import { treeResetKernel } from "./tree_reset";
import { commitTreeKernel, nodeScalarsKernel, verifyWalkKernel } from "./verify_tree";
import { embedKernel, embedTailKernel } from "./embed";
import { headNormKernel } from "./head_norm";
import { drawCommitKernel, matvecDrawKernel } from "./matvec_draw";
import { matvecGatedKernel } from "./matvec_gated";
import { matvecHeadKernel } from "./matvec_head";
import { matvecNormKernel } from "./matvec_norm";
import { matvecQkvKernel } from "./matvec_qkv";
import { matvecResidualKernel } from "./matvec_residual";
import { matvecStatsKernel, mergeStatsKernel } from "./matvec_stats";
import { packCacheKernel } from "./pack_cache";
import { packWeightsKernel } from "./quantize";
import { rmsnormKernel } from "./rmsnorm";
import { ropeKernel } from "./rope";
import { siluMulKernel } from "./silu_mul";
import { ssdOutputsKernel, ssdScoresKernel, ssdStateKernel, ssmInputsKernel, ssmStepKernel } from "./ssm";

export const kernels: readonly Kernel[] = [
  rowsTailKernel,
  rowsSpanKernel,
  rowsTreeKernel,
  attentionKernel,
  attentionRowsKernel,
  attentionMergeKernel,
  packCacheKernel,
  processLogitsKernel,
  rowStatsKernel,
  topTokensKernel,
  tokenRanksKernel,
  sampleCommitKernel,
  lawAtKernel,
  treeResetKernel,
  drawChildrenKernel,
  drawIndependentKernel,
  appendBeamKernel,
  appendPathsKernel,
  appendPlannedKernel,
  rankTreeKernel,
  draftTemplateKernel,
  learnSuccessorsKernel,
  draftLookupKernel,
  draftGuessesKernel,
  shiftGuessesKernel,
  nodeScalarsKernel,
  verifyWalkKernel,
  commitTreeKernel,
  compactSlotsKernel,
  packWeightsKernel,
  embedKernel,
  embedTailKernel,
  matvecQkvKernel,
  matvecResidualKernel,
  matvecDrawKernel,
  drawCommitKernel,
  matvecStatsKernel,
  mergeStatsKernel,
  matvecGatedKernel,
  matvecHeadKernel,
  matvecNormKernel,
  rmsnormKernel,
  headNormKernel,
  ropeKernel,
  siluMulKernel,
  latentStartKernel,
  embedMixKernel,
  recurBeginKernel,
  recurEndKernel,
  routeRowsKernel,
  latentAccelerationKernel,
  chooseDepthKernel,
  exitGateKernel,
  recurAdmitKernel,
  readoutSignalsKernel,
  ssmInputsKernel,
  ssmStepKernel,
  ssdScoresKernel,
  ssdOutputsKernel,
  ssdStateKernel,
];
