// A page whose service is there and whose face is not: says so, and how the service is asked meanwhile.
import { h } from "../lib/h.js";
import { copyLine, empty } from "./basics.js";

export const notYet = (name, path) => ({
  title: () => name,
  view: () => [h("h1", {}, name), empty({ title: "This page is not built yet" }, h("p", {}, "The service is there; from a terminal:"), copyLine({ text: `curl ${location.origin}${path}`, what: "The command" }))],
});
