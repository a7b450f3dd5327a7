// A file that this page has made, for the browser's folder of downloads.

/** `parts`: text, or a Blob. */
export function save(name, parts, type = "application/octet-stream") {
  const address = URL.createObjectURL(parts instanceof Blob ? parts : new Blob([parts], { type }));
  const anchor = document.createElement("a");
  anchor.href = address;
  anchor.download = name;
  anchor.click();
  setTimeout(() => URL.revokeObjectURL(address), 60000);
}
