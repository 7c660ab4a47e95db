// The shell of a page that `to_html` writes, with the script in it and the hash by which the
// page's own policy lets that script run, and no other.

import { createHash } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";

const SHELL = "../src/forcing/explanation/page.html";
const BUILT = "../src/forcing/static/page.html";
const PLACE = /\{\{(\w+)\}\}/g;
/** Left for the data. */
const OPEN = ["title", "body", "state"];

export function writePage(script) {
  if (/<\/script|<!--/i.test(script)) throw new Error("page.mjs: the script would end its element");
  const code = script.trim();
  const hash = createHash("sha256").update(code).digest("base64");
  const parts = { policy: `'sha256-${hash}'`, script: `<script>${code}</script>` };
  const page = readFileSync(SHELL, "utf8").replace(PLACE, (place, name) => parts[name] ?? place);
  const left = [...page.matchAll(PLACE)].map((found) => found[1]);
  if (left.join() !== OPEN.join()) throw new Error(`page.mjs: places to fill are ${left.join()}`);
  writeFileSync(BUILT, page);
}
