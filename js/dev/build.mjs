// Builds the page that shows the view without a notebook into lib/dev:
//   python js/dev/fixtures.py js/lib/dev && node dev/build.mjs
// Serve that folder with any web server and open /?state=table&theme=dark.

import * as esbuild from "esbuild";
import { copyFileSync, mkdirSync } from "node:fs";

mkdirSync("lib/dev", { recursive: true });
copyFileSync("dev/index.html", "lib/dev/index.html");
await esbuild.build({
  entryPoints: ["dev/page.ts"],
  outfile: "lib/dev/page.js",
  bundle: true,
  format: "iife",
  target: "es2022",
  jsx: "automatic",
  jsxImportSource: "preact",
  loader: { ".css": "text" },
  sourcemap: "inline",
});
