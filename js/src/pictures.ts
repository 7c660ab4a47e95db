/** Pictures by id: asked for when a view wants them, kept as object URLs. */

/** Wishes of one frame travel together. */
const GATHER_MS = 30;
/** An answer that did not come is asked for again, so often and no more. */
const AGAIN_MS = 4000;
const TRIES = 4;

const SAVED = /^data:image\/(png|jpeg|gif|webp);base64,/;

/** The picture types that travel, told by their first bytes. */
function typeOf(bytes: Uint8Array): string | null {
  if (bytes[0] === 0x89 && bytes[1] === 0x50) return "image/png";
  if (bytes[0] === 0xff && bytes[1] === 0xd8) return "image/jpeg";
  return null;
}

/** A data URL of a saved state, if it is a picture and no address elsewhere. */
export function savedPicture(images: Record<string, string>, id: string): string | null {
  const url = Object.hasOwn(images, id) ? (images[id] ?? "") : "";
  return SAVED.test(url) ? url : null;
}

export class Pictures {
  #ask: (ids: string[]) => void;
  #urls = new Map<string, string>();
  #tries = new Map<string, number>();
  #wanted = new Set<string>();
  #timer: ReturnType<typeof setTimeout> | null = null;
  #listeners = new Set<() => void>();
  #open = false;

  constructor(ask: (ids: string[]) => void) {
    this.#ask = ask;
  }

  url(id: string): string | null {
    return this.#urls.get(id) ?? null;
  }

  want(id: string): void {
    if (this.#urls.has(id)) return;
    this.#wanted.add(id);
    this.#later(GATHER_MS);
  }

  /** Whether there is anyone to ask. */
  setOpen(open: boolean): void {
    this.#open = open;
    this.#tries.clear();
    if (open) this.#later(GATHER_MS);
  }

  receive(ids: readonly string[], buffers: readonly Uint8Array[]): void {
    ids.forEach((id, i) => {
      const bytes = buffers[i];
      const type = bytes && typeOf(bytes);
      this.#wanted.delete(id);
      if (!bytes || !type || this.#urls.has(id)) return;
      // The copy lets go of the message's whole buffer.
      const blob = new Blob([bytes.slice()], { type });
      this.#urls.set(id, URL.createObjectURL(blob));
    });
    this.#listeners.forEach((listener) => listener());
  }

  subscribe(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  dispose(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#urls.forEach((url) => URL.revokeObjectURL(url));
    this.#urls.clear();
    this.#wanted.clear();
    this.#listeners.clear();
    this.#open = false;
  }

  #later(wait: number): void {
    if (!this.#open || this.#timer !== null) return;
    this.#timer = setTimeout(() => {
      this.#timer = null;
      const ids = [...this.#wanted].filter((id) => (this.#tries.get(id) ?? 0) < TRIES);
      if (ids.length === 0) return;
      for (const id of ids) this.#tries.set(id, (this.#tries.get(id) ?? 0) + 1);
      this.#ask(ids);
      this.#later(AGAIN_MS);
    }, wait);
  }
}
