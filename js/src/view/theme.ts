/**
 * Ink, ground and font come from the host through CSS variables. Only the class
 * colours are ours, and they need to know which of two sets the ground wants:
 * hosts that say so are believed, elsewhere the reader's own preference counts.
 */

export type Tone = "light" | "dark";
export type Contrast = "normal" | "more";

const ATTRIBUTES = ["data-jp-theme-light", "data-jp-theme-name", "data-vscode-theme-kind"];

export function toneOf(body: HTMLElement, prefersDark: boolean): Tone {
  const jupyter = body.getAttribute("data-jp-theme-light");
  if (jupyter !== null) return jupyter === "false" ? "dark" : "light";
  const code = body.getAttribute("data-vscode-theme-kind");
  if (code !== null) {
    const light = code === "vscode-light" || code === "vscode-high-contrast-light";
    return light ? "light" : "dark";
  }
  return prefersDark ? "dark" : "light";
}

/** Whether the host's theme is one of high contrast; what the system asks for is left to CSS. */
export function contrastOf(body: HTMLElement): Contrast {
  const names = ["data-jp-theme-name", "data-vscode-theme-kind"];
  const high = names.some((name) => /high.?contrast/i.test(body.getAttribute(name) ?? ""));
  return high ? "more" : "normal";
}

/** Keeps `root` told of tone and contrast until the signal ends it. */
export function followTone(root: HTMLElement, signal: AbortSignal): void {
  const body = root.ownerDocument.body;
  const media = window.matchMedia("(prefers-color-scheme: dark)");
  const update = (): void => {
    root.dataset.tone = toneOf(body, media.matches);
    root.dataset.contrast = contrastOf(body);
  };
  update();
  media.addEventListener("change", update, { signal });
  const observer = new MutationObserver(update);
  observer.observe(body, { attributes: true, attributeFilter: ATTRIBUTES });
  signal.addEventListener("abort", () => observer.disconnect());
}
