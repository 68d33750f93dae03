/** The extension of a file's name in lower case, without its dot; "" for `README` and `.htaccess`. */
export function extensionOf(path: string): string {
  const dot = path.lastIndexOf(".");
  return dot > path.lastIndexOf("/") + 1 ? path.slice(dot + 1).toLowerCase() : "";
}
