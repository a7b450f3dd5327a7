// Four eyes: where the worker runs only what another person has approved, who has, until when, and the buttons for both of them.
import { h } from "../../lib/h.js";
import { ask, bodyWithFramework } from "../../lib/api.js";
import { moment } from "../../lib/format.js";
import { badge, button, copyLine, facts, note } from "../../parts/basics.js";
import { confirmDialog } from "../../parts/dialog.js";
import { formDialog } from "../../parts/form.js";
import { toast } from "../../parts/toast.js";
import { may, who } from "../../store.js";

const STATES = {
  waiting: { state: "pending", sign: "●", label: "waits for approval", text: "Nobody has approved this plan yet. Another person than the one who runs it has to." },
  approved: { state: "applied", sign: "✓", label: "approved", text: "It may run while files and tracking table stay as they are." },
  expired: { state: "warning", sign: "!", label: "expired", text: "The time of its approval is over: it has to be approved again." },
  revoked: { state: "failed", sign: "✕", label: "taken back", text: "Its approval was taken back." },
};

/** True where a run would be refused for want of an approval. */
export const lacksApproval = (plan) => Boolean(plan.approval) && plan.approval.state !== "approved";

function approve(plan, request, done) {
  formDialog({ title: "Approve this plan?", label: "Approve it", text: ["Whoever may run it can do so then, until the approval ends. It is of exactly this plan: where a file or the tracking table changes, nobody has approved that."],
    fields: [{ name: "comment", label: "Comment (optional)", most: 1000, hint: "Kept beside the approval, and in the audit." }],
    act: (values) => ask("/api/migrations/approvals", { plan_hash: plan.plan_hash, comment: values.comment.trim(), plan: bodyWithFramework(request) }), done: () => { toast("The plan is approved."); done(); } });
}

function revoke(plan, done) {
  confirmDialog({ title: "Take the approval back?", label: "Take it back", kind: "danger primary", text: ["What has not begun does not begin. A run that goes on is not ended by it."],
    act: () => ask(`/api/migrations/approvals/${encodeURIComponent(plan.plan_hash)}`, undefined, { method: "DELETE" }), done: () => { toast("The approval is taken back."); done(); } });
}

/** The card; null where the worker asks for none. `request`: what was chosen to run; `done()` after something was done. */
export function approvalPart({ plan, request, done }) {
  const one = plan.approval;
  if (!one) return null;
  const state = STATES[one.state] ?? STATES.waiting;
  const isMine = one.requested_by !== "" && one.requested_by === who.data?.name;
  return h("section", { class: "card", "aria-label": "Approval" }, h("h2", {}, "Approval ", badge(state, state.label)), h("p", {}, state.text),
    facts({ rows: [["Asked for by", one.requested_by], ["Approved by", one.approved_by], ["When", moment(one.approved_at)], ["Until", one.state === "approved" || one.state === "expired" ? moment(one.expires_at) : null], ["Comment", one.comment], ["Taken back by", one.revoked_by]] }),
    one.state !== "approved" && may("approve") ? isMine ? note({}, "You have asked for it yourself: somebody else has to approve it.") : h("div", { class: "actions" }, button({ id: "approve", kind: "primary", onclick: () => approve(plan, request, done) }, "Approve this plan …")) : null,
    one.state !== "approved" && !may("approve") ? [h("p", { class: "muted" }, "Whoever has the scope “approve” does it here, or with:"), copyLine({ text: `truss approve ${plan.plan_hash}`, what: "The command" })] : null,
    one.state === "approved" && may("approve") ? h("div", { class: "actions" }, button({ onclick: () => revoke(plan, done) }, "Take it back …")) : null);
}
