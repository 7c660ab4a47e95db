// Bundles one of the faces of the view, or the widget's loader:
// `node build.mjs widget|loader|standalone|lab [--watch]`.
//
// Both bundles follow the same rules, so that the view imports its style sheet as text in
// either. The lab extension goes through here first and then through jupyter-builder, which
// leaves JupyterLab's own packages to the application that loads it.

import * as esbuild from "esbuild";
import { gzipSync } from "node:zlib";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { licenceBanner, licenceReport } from "./licences.mjs";
import { writePage } from "./page.mjs";

/** Style sheets as text, without their comments and blanks. */
const sheets = {
  name: "sheets",
  setup: (build) =>
    build.onLoad({ filter: /\.css$/ }, async ({ path }) => {
      const { code } = await esbuild.transform(readFileSync(path, "utf8"), {
        loader: "css",
        minify: true,
      });
      return { contents: code, loader: "text" };
    }),
};

const common = {
  bundle: true,
  format: "esm",
  target: "es2022",
  jsx: "automatic",
  jsxImportSource: "preact",
  loader: { ".html": "text" },
  plugins: [sheets],
  logLevel: "warning",
};

const bundles = {
  widget: {
    ...common,
    entryPoints: ["src/widget/index.ts"],
    outfile: "../src/forcing/static/widget.js",
    minify: true,
  },
  loader: {
    ...common,
    entryPoints: ["src/widget/loader.ts"],
    outfile: "../src/forcing/static/loader.js",
    minify: true,
  },
  standalone: {
    ...common,
    entryPoints: ["src/standalone/main.ts"],
    outfile: "lib/standalone.js",
    format: "iife",
    minify: true,
  },
  lab: {
    ...common,
    entryPoints: ["src/lab/index.ts"],
    outdir: "lib/lab",
    // What is fetched on demand stays a file of its own.
    splitting: true,
    external: ["@jupyterlab/*", "@lumino/*"],
  },
};

const [name, ...flags] = process.argv.slice(2);
const options = bundles[name];
const REPORTS = {
  ours: "lib/lab/licences.json",
  theirs: "../src/forcing/labextension/static/third-party-licenses.json",
};

// After jupyter-builder, which strips the banner and reports only what it has bundled itself.
if (name === "notices") {
  const report = JSON.parse(readFileSync(REPORTS.theirs, "utf8"));
  const ours = JSON.parse(readFileSync(REPORTS.ours, "utf8"));
  const known = new Set(ours.map((one) => one.name));
  const packages = [...report.packages.filter((one) => !known.has(one.name)), ...ours];
  writeFileSync(REPORTS.theirs, JSON.stringify({ ...report, packages }, null, 2));
  process.exit(0);
}
if (options === undefined) {
  console.error(`build.mjs: expected one of ${Object.keys(bundles).join(", ")}, got ${name}`);
  process.exit(2);
}

if (flags.includes("--watch")) {
  const context = await esbuild.context({ ...options, logLevel: "info" });
  await context.watch();
} else {
  // What is bundled is known only after a first pass.
  const { metafile } = await esbuild.build({ ...options, metafile: true, write: false });
  if (name === "lab") {
    mkdirSync("lib/lab", { recursive: true });
    writeFileSync(REPORTS.ours, JSON.stringify(licenceReport(metafile)));
  }
  await esbuild.build({ ...options, banner: { js: licenceBanner(metafile) } });
  const outfile = options.outfile ?? `${options.outdir}/index.js`;
  const bundle = readFileSync(outfile);
  if (name === "standalone") writePage(bundle.toString());
  const kilobytes = (bytes) => (bytes / 1000).toFixed(1);
  console.log(
    `${outfile}: ${kilobytes(bundle.length)} kB, ` +
      `${kilobytes(gzipSync(bundle).length)} kB compressed`,
  );
}
