// What was applied of a migration, found in the project's git history, beside what its file is today.
import { h } from "../../lib/h.js";
import { ask, resource, withFramework } from "../../lib/api.js";
import { moment } from "../../lib/format.js";
import { visible } from "../../lib/plain.js";
import { copyLine, facts, failure, note, skeleton } from "../../parts/basics.js";
import { code } from "../../parts/code.js";

const answers = new Map(); // "name, hashes" → what was found

function asked(one, draw) {
  const key = [one.name, one.file_hash, one.stored_hash, one.state].join(" ");
  if (!answers.has(key)) {
    if (answers.size > 50) answers.clear();
    const answer = resource(() => ask(withFramework(`/api/migrations/diff/${one.name.split("/").map(encodeURIComponent).join("/")}`)), draw);
    answers.set(key, answer);
    answer.refresh();
  }
  return answers.get(key);
}

/** How sure it is that the version is the one that was applied. */
const SURE = {
  same: ["good", "The file is what was applied"], checksum: ["good", "Found by its checksum"], time: ["warning", "By time, not proven"],
  last: ["warning", "Its last version, not proven"], unknown: ["warning", "It cannot be shown."],
};

const commit = (one) => one && [h("code", { title: one.id }, one.short_id), ` ${moment(one.at)}, ${visible(one.author)}: ${visible(one.subject)}`, one.in_head ? null : h("span", { class: "muted" }, " (another branch or tag)")];

export function diffTab(one, draw) {
  if (one.state === "pending" && !one.stored_hash) return note({}, "It is pending: nothing is recorded that its file could be compared with.");
  const answer = asked(one, draw);
  if (answer.error && !answer.data) return failure({ error: answer.error, again: answer.refresh });
  if (!answer.data) return skeleton({ lines: 8 });
  const found = answer.data;
  const [kind, title] = SURE[found.basis] ?? ["info", ""];
  return [note({ kind, title }, ` ${found.summary}`), found.notes.map((text) => note({ key: text }, text)),
    facts({ rows: [["Applied version", commit(found.commit)], ["Its file then", found.path && h("code", {}, visible(found.path))], ["Taken away in", commit(found.deleted_in)], ["Moved to", found.moved_to && h("code", {}, visible(found.moved_to))],
      ["Changed since", found.later.length > 0 || found.uncommitted ? h("ul", { class: "commits" }, found.uncommitted ? h("li", {}, "not committed yet") : null, found.later.map((later) => h("li", { key: later.id }, commit(later)))) : null]] }),
    found.diff ? code({ text: found.diff, diff: true, label: `Difference of ${one.name}` }) : found.content && !one.filename ? code({ text: found.content, label: `Applied version of ${one.name}` }) : null,
    found.restore ? [h("p", {}, "Bring it back:"), copyLine({ text: found.restore, what: "The command" })] : null];
}
