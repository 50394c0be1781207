/** Where the built page without a recording (replay.html) takes one. By itself, since the build reads it too. */
export const REPLAY_MARK = "<!--the recording-->";
