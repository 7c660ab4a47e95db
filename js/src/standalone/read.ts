/** What a page carries: its state, and the pictures that its table shows. */

/** The state as it was written, unchecked; null where there is none. */
export function readPage(document: Document): unknown {
  const text = document.querySelector('script[type="application/json"]')?.textContent ?? "";
  let state: unknown;
  try {
    state = JSON.parse(text);
  } catch {
    return null;
  }
  if (typeof state !== "object" || state === null || !("images" in state)) return state;
  const { images } = state;
  if (typeof images !== "object") return state;
  return { ...state, images: { ...picturesOf(document), ...images } };
}

/** A picture is in the page once: in the table, or in the state where no table shows it. */
function picturesOf(document: Document): Record<string, string> {
  const all = document.querySelectorAll<HTMLImageElement>("main img[data-picture]");
  return Object.fromEntries([...all].map((image) => [image.dataset.picture ?? "", image.src]));
}
