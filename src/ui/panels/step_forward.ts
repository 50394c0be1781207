/** Of the button that goes on by one step, for what hands the focus to it. */
export const STEP_FORWARD = "step-forward";
