// Licences of the packages that esbuild inlines: their terms ask that the notices travel along.

import { existsSync, readFileSync } from "node:fs";

const PACKAGE = /node_modules\/((?:@[^/]+\/)?[^/]+)\//;

function bundled(metafile) {
  const packages = new Set();
  for (const path of Object.keys(metafile.inputs)) {
    const name = PACKAGE.exec(path)?.[1];
    if (name !== undefined) packages.add(name);
  }
  return [...packages].sort();
}

/** What JupyterLab's page of licences reads, of the packages that its bundler no longer sees. */
export function licenceReport(metafile) {
  return bundled(metafile).map((name) => {
    const { version, license } = JSON.parse(
      readFileSync(`node_modules/${name}/package.json`, "utf8"),
    );
    const extractedText = readFileSync(`node_modules/${name}/LICENSE`, "utf8");
    return { name, versionInfo: version, licenseId: license, extractedText };
  });
}

/** One comment with each licence once, under the packages that it is the licence of. */
export function licenceBanner(metafile) {
  const terms = new Map();
  for (const name of bundled(metafile)) {
    const file = `node_modules/${name}/LICENSE`;
    if (!existsSync(file)) throw new Error(`build.mjs: ${name} is bundled and has no LICENSE`);
    const [notice, rest] = split(readFileSync(file, "utf8"));
    const notices = terms.get(rest) ?? [];
    terms.set(rest, [...notices, `${name}: ${notice}`]);
  }
  if (terms.size === 0) return "";
  const parts = [...terms].map(([rest, notices]) => `${notices.join("\n")}\n\n${rest}`);
  return `/*!\n${parts.join("\n\n---\n\n").replaceAll("*/", "* /")}\n*/`;
}

/** The line that names the holder, and what is the same for all packages of one licence. */
function split(text) {
  const lines = text.trim().split(/\r?\n/);
  const notices = lines.filter((line) => /^copyright\b.*\d{4}/i.test(line.trim()));
  const rest = lines.filter((line) => !notices.includes(line));
  return [notices.join("; "), rest.join("\n").trim()];
}
