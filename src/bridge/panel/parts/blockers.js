// A session that stands in the way: who, since when, with what, and how to end it. Truss itself ends nobody's session.
import { h } from "../lib/h.js";
import { duration } from "../lib/format.js";
import { copyLine, facts } from "./basics.js";
import { code } from "./code.js";

/** `blocker`: a Blocker of the service. */
export const blockerCard = ({ blocker }) => h("div", { class: "blocker", key: blocker.pid },
  facts({ rows: [["Session", `pid ${blocker.pid}, ${blocker.user}${blocker.application ? `, ${blocker.application}` : ""}`], ["State", [blocker.state, blocker.transaction_ms ? `in its transaction for ${duration(blocker.transaction_ms)}` : null, blocker.query_ms ? `last statement began ${duration(blocker.query_ms)} ago` : null].filter(Boolean).join(", ")]] }),
  blocker.query ? code({ text: blocker.query, label: `Query of pid ${blocker.pid}` }) : null,
  h("p", { class: "muted" }, "To end it, as somebody who may:"), copyLine({ text: `SELECT pg_terminate_backend(${blocker.pid});`, what: "The statement" }));
