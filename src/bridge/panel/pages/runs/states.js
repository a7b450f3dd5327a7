// What became of a run: its word, and how urgent that is.

export const RUN_STATES = {
  running: { state: "running", sign: "▸" }, succeeded: { state: "succeeded", sign: "✓" }, failed: { state: "failed", sign: "✕" },
  refused: { state: "warning", sign: "!" }, cancelled: { state: "cancelled", sign: "–" }, lost: { state: "lost", sign: "?" }, marked: { state: "info", sign: "✎" },
};

/** Nothing was run: somebody wrote into the tracking table only. */
export const isMark = (run) => Boolean(run.kind) && run.kind !== "run";

/** What was refused has failed to the service; to who reads the list it is another thing: nothing was run. */
export const stateOf = (run) => run.refused ? "refused" : isMark(run) ? "marked" : run.state;
