// Text from outside, so that nothing in it is unseen or turns what stands beside it around.

// Controls, and those that change the direction of what follows (Unicode TR 9); a no-break space and joiners are letters' business.
const UNSEEN = /[\u0000-\u001f\u007f-\u009f\u200b\u2028-\u202e\u2060-\u2069\ufeff]/g;
const SIGNS = { "\n": "⏎", "\t": "⇥", "\r": "␍" };

const sign = (one) => SIGNS[one] ?? `\\u${one.charCodeAt(0).toString(16).padStart(4, "0")}`;

/** On one line, with a sign for what would not be seen. */
export const visible = (text) => text.replace(UNSEEN, sign);

/** The same for a text of several lines: its ends of lines (\n, \r\n) and tabs stay. */
export const visibleLines = (text) => text.replace(UNSEEN, (one, at) => one === "\n" || one === "\t" || (one === "\r" && text[at + 1] === "\n") ? one : sign(one));
