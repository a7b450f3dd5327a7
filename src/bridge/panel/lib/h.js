// Elements as values: h() describes what should be there, render() changes the document until it is so. Text from outside is given as a
// child or as an attribute's value and becomes a text node or an attribute; nothing here can turn it into markup.

import { visibleLines } from "./plain.js";

const SVG = "http://www.w3.org/2000/svg";

/**
 * A description of an element. `tag` is a name, or a function (props, ...children) that gives a description. Of `props`: `key` tells brothers
 * apart when their order changes; `on…` are listeners, `style` an object of CSS properties, `ref(element)` is called once when the element
 * is made; value, checked and the like are properties, everything else is an attribute. Children: text, descriptions, lists of them, nodes;
 * null and false stand for nothing.
 */
export function h(tag, props, ...children) {
  const given = props ?? {};
  if (typeof tag === "function") return tag(given, ...children);
  return { tag, props: given, key: given.key ?? null, children: inPlaces(children) };
}

// The children, each with the place where it was given: "2", or "1.0" in a list. Whoever has no key is known by that, so that a list
// that grows does not turn those that stand after it into their neighbours, under the pointer or with the focus.
function inPlaces(children, list = "") {
  return children.flatMap((child, i) => Array.isArray(child) ? inPlaces(child, `${list}${i}.`) : Object.assign(described(child), { place: `${list}${i}` }));
}

function described(child) {
  if (child == null || child === false || child === true || child === "") return { tag: null, text: "", key: null };
  if (child instanceof Node) return { tag: null, node: child, key: null };
  return typeof child === "object" ? child : { tag: null, text: visibleLines(String(child)), key: null };
}

const PROPERTIES = new Set(["value", "checked", "selected", "disabled", "hidden", "indeterminate", "open", "readOnly", "scrollTop"]);

function setProp(element, name, value, before) {
  if (name === "key" || name === "ref") return;
  if (name.startsWith("on")) element[name] = value ?? null;
  else if (name === "style") {
    for (const property of Object.keys(before ?? {})) if (!(property in (value ?? {}))) element.style.removeProperty(property);
    for (const [property, text] of Object.entries(value ?? {})) element.style.setProperty(property, text);
  } else if (PROPERTIES.has(name) && name in element) {
    if (element[name] !== value) element[name] = value ?? (name === "value" ? "" : false);
  } else if (value == null || value === false) element.removeAttribute(name);
  else element.setAttribute(name, value === true ? "" : value);
}

function create(description, inSvg) {
  if (description.tag === null) return description.dom = description.node ?? document.createTextNode(description.text);
  const isSvg = inSvg || description.tag === "svg";
  const element = isSvg ? document.createElementNS(SVG, description.tag) : document.createElement(description.tag);
  description.dom = element;
  for (const child of description.children) element.append(create(child, isSvg));
  // Behind its children: a select's value is one of its options'.
  for (const [name, value] of Object.entries(description.props)) setProp(element, name, value, null);
  description.props.ref?.(element);
  return element;
}

const isSame = (old, wanted) => old.tag === wanted.tag && old.key === wanted.key && old.node === wanted.node;

function patch(old, wanted) {
  if (old === wanted) return; // the same value: what it shows is there
  const element = wanted.dom = old.dom;
  if (wanted.tag === null) {
    if (!wanted.node && old.text !== wanted.text) element.data = wanted.text;
    return;
  }
  patchChildren(element, old.children, wanted.children);
  for (const name of Object.keys(old.props)) if (!(name in wanted.props)) setProp(element, name, null, old.props[name]);
  for (const [name, value] of Object.entries(wanted.props)) {
    if (PROPERTIES.has(name) || value !== old.props[name]) setProp(element, name, value, old.props[name]);
  }
}

function patchChildren(parent, olds, wanteds) {
  const keyed = new Map(olds.filter((old) => old.key !== null).map((old) => [old.key, old]));
  const loose = new Map(olds.filter((old) => old.key === null).map((old) => [old.place, old]));
  const kept = new Set();
  const matches = wanteds.map((wanted) => {
    const old = wanted.key !== null ? keyed.get(wanted.key) : loose.get(wanted.place);
    if (!old || kept.has(old) || !isSame(old, wanted)) return null;
    kept.add(old);
    return old;
  });
  for (const old of olds) if (!kept.has(old)) old.dom.remove();
  let cursor = parent.firstChild;
  wanteds.forEach((wanted, i) => {
    if (matches[i]) patch(matches[i], wanted);
    else create(wanted, parent.namespaceURI === SVG);
    if (wanted.dom === cursor) cursor = cursor.nextSibling;
    else parent.insertBefore(wanted.dom, cursor);
  });
}

const shown = new WeakMap(); // root → what it shows

/** Makes the children of `root` what is described; what is there already stays, with its focus and its scrolling. */
export function render(root, ...children) {
  const wanted = inPlaces(children);
  const old = shown.get(root);
  if (old) patchChildren(root, old, wanted);
  else root.replaceChildren(...wanted.map((one) => create(one, false)));
  shown.set(root, wanted);
}

/** A function that has `draw` called once before the next picture, however often it is called itself. */
export function oncePerFrame(draw) {
  let isWanted = false;
  return () => {
    if (isWanted) return;
    isWanted = true;
    requestAnimationFrame(() => { isWanted = false; draw(); });
  };
}
