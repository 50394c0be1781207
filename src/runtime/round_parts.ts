/** Parts of recording that no program is without and the page's start is: they are fetched with the first round. */
export { ChosenTrees } from "./chosen_trees";
export { DrawableLaws, isDrawable } from "./drawable_laws";
export { Fused, fusedOf } from "../kernels/matvec_draw";
