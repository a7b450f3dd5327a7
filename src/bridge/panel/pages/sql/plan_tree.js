// EXPLAIN as a tree: what each step costs by itself, how many rows were expected and came, and which step takes the most.
import { h } from "../../lib/h.js";
import { duration as whole, plural } from "../../lib/format.js";
import { badge, facts, note } from "../../parts/basics.js";

const MOST = 1000; // nodes that are shown
const FAR_OFF = 10; // an estimate that is wrong by so many times is told

/**
 * Each node with { total, own, parallel }: milliseconds where it was measured, else cost; `own` is without the nodes below. Below a Gather the loops
 * of several workers pass at the same time: they are divided by their number.
 */
function measured(nodes) {
  const isTimed = nodes.some((node) => node.actualTime != null);
  const path = [];
  const all = nodes.map((node) => {
    path.length = node.depth;
    const above = path.at(-1);
    const parallel = above ? above.below : 1;
    const total = isTimed ? (node.actualTime ?? 0) * (node.actualLoops ?? 0) / Math.min(parallel, Math.max(1, node.actualLoops ?? 1)) : node.totalCost ?? 0;
    const one = { node, total, own: total, below: node.workers ? node.workers + 1 : parallel };
    if (above) above.own -= total;
    path.push(one);
    return one;
  });
  for (const one of all) one.own = Math.max(0, one.own);
  return { all, isTimed };
}

/** Steps are short: "0.31 ms". */
const duration = (ms) => ms != null && ms < 100 ? `${ms.toFixed(ms < 10 ? 2 : 1)} ms` : whole(ms);

const figure = (number) => number == null ? "" : number >= 1e6 ? `${(number / 1e6).toFixed(1)} M` : number.toLocaleString("en", { maximumFractionDigits: 0 });

/** "12× more than expected" where it is far off; "" else. */
function misjudged({ planRows, actualRows, actualLoops }) {
  if (actualRows == null || planRows == null || !actualLoops) return "";
  const [expected, came] = [Math.max(1, planRows), Math.max(1, actualRows)];
  if (came / expected >= FAR_OFF) return `${figure(came / expected)}× more than expected`;
  return expected / came >= FAR_OFF ? `${figure(expected / came)}× fewer than expected` : "";
}

const named = (node) => [h("b", {}, node.joinType && node.joinType !== "Inner" ? `${node.nodeType} (${node.joinType})` : node.nodeType), node.relation ? [" on ", h("code", {}, node.relation), node.alias && !node.relation.endsWith(`.${node.alias}`) ? ` ${node.alias}` : ""] : null, node.index ? [" by ", h("code", {}, node.index)] : null];

const SAID = { "Hash Cond": "Joins where", "Merge Cond": "Joins where", "Index Cond": "Looks up", "Recheck Cond": "Checks again", "Join Filter": "Keeps pairs where", "One-Time Filter": "Only if", "Sort Method": "Sorted by", "Sort Space Used": "Space for sorting (kB)", "Sort Space Type": "In", "Hash Batches": "Batches", "Peak Memory Usage": "Memory (kB)", "Heap Fetches": "Looked up in the table", "Workers Planned": "Workers planned", "Subplan Name": "Part", "Temp Read Blocks": "Temporary blocks read", "Temp Written Blocks": "Temporary blocks written" };

const textOf = (value) => Array.isArray(value) ? value.join(", ") : String(value);

function more(node) {
  const raw = node.raw ?? {};
  return facts({ rows: [["Keeps rows where", node.filter], ["Rows thrown away", node.rowsRemoved ? `${figure(node.rowsRemoved)}${node.actualLoops > 1 ? " in each loop" : ""}` : null], ["Sorted by", raw["Sort Key"] ? textOf(raw["Sort Key"]) : null], ["Grouped by", raw["Group Key"] ? textOf(raw["Group Key"]) : null],
    ...Object.entries(SAID).map(([name, label]) => [label, raw[name] ? textOf(raw[name]) : null]), ["Blocks in memory", node.buffersHit == null ? null : figure(node.buffersHit)], ["Blocks read", node.buffersRead ? figure(node.buffersRead) : null],
    ["Cost", node.totalCost == null ? null : `${node.startupCost} to ${node.totalCost}`], ["Width of a row", node.planWidth == null ? null : `${node.planWidth} B`]] });
}

function row(one, { isTimed, all, worst }) {
  const { node, own, total } = one;
  const share = all > 0 ? Math.min(1, own / all) : 0;
  const off = misjudged(node);
  const time = isTimed ? (node.actualLoops === 0 ? "never run" : duration(own)) : figure(own);
  return h("li", { class: `plan-node ${one === worst ? "worst" : ""}`, style: { "--depth": String(Math.min(node.depth, 20)) } }, h("details", {}, h("summary", {},
    h("span", { class: "plan-name" }, named(node), one === worst ? [" ", badge({ state: "failed", sign: "▲" }, isTimed ? "takes the most" : "costs the most")] : null, off ? [" ", badge({ state: "warning", sign: "!" }, off)] : null),
    h("span", { class: "plan-rows" }, node.actualRows != null ? `${figure(node.actualRows)} rows` : `≈ ${figure(node.planRows)} rows`, node.actualLoops > 1 ? ` × ${figure(node.actualLoops)}` : ""),
    h("span", { class: "plan-share", title: isTimed ? `by itself ${time}; with what is below ${duration(total)}` : `cost by itself ${time}; with what is below ${figure(total)}` }, h("span", { class: "plan-bar", role: "img", "aria-label": `${Math.round(share * 100)} % of the whole` }, h("span", { style: { width: `${share * 100}%` } })), h("span", { class: "plan-time" }, time))), more(node)));
}

/** `told`: the answer of /api/sql/explain. */
export function planTree(told) {
  const { all, isTimed } = measured(told.nodes);
  const sum = (isTimed ? told.executionTime : null) ?? all[0]?.total ?? 0;
  const worst = all.reduce((found, one) => one.own > (found?.own ?? 0) ? one : found, null);
  const stale = all.filter((one) => misjudged(one.node)).length;
  return h("section", { class: "plan-tree", "aria-label": "Plan" }, h("p", { class: "muted" }, isTimed ? `Ran for ${duration(told.executionTime)}, planned in ${duration(told.planningTime)}; ${plural(all.length, "step")}. A bar is the time of a step by itself.`
    : `${plural(all.length, "step")}. Nothing was run: a bar is what the planner thinks that a step costs by itself.`),
  stale > 0 ? note({ kind: "warning" }, `${plural(stale, "estimate is", "estimates are")} wrong by ten times and more. ANALYZE of the tables gives the planner better figures.`) : null,
  h("ol", { class: "plan-nodes" }, all.slice(0, MOST).map((one) => row(one, { isTimed, all: sum, worst: all.length > 1 ? worst : null }))), all.length > MOST ? h("p", { class: "muted" }, `${plural(all.length - MOST, "more step")} in the plan as text.`) : null);
}
