// Begins the console behind the first picture: head and skeleton are seen at once, while the scripts are read. A tab that nobody sees paints
// nothing to wait for.
const begin = () => import("./main.js");
if (document.hidden) begin();
else requestAnimationFrame(() => setTimeout(begin));
