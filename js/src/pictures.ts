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
  /** Not yet addresses: those cost the browser time, and most pictures of a list scroll by. */
  #blobs = new Map<string, Blob>();
  #urls = new Map<string, string>();
  #tries = new Map<string, number>();
  /** Not there yet; of these, the ones in `#fresh` were not asked for so far. */
  #wanted = new Set<string>();
  #fresh = new Set<string>();
  #gathering: ReturnType<typeof setTimeout> | null = null;
  #waiting: ReturnType<typeof setTimeout> | null = null;
  #listeners = new Set<() => void>();
  #open = false;

  constructor(ask: (ids: string[]) => void) {
    this.#ask = ask;
  }

  url(id: string): string | null {
    const blob = this.#blobs.get(id);
    if (blob === undefined) return null;
    const url = this.#urls.get(id) ?? URL.createObjectURL(blob);
    this.#urls.set(id, url);
    return url;
  }

  want(id: string): void {
    if (this.#blobs.has(id) || this.#wanted.has(id)) return;
    this.#wanted.add(id);
    this.#fresh.add(id);
    this.#gather();
  }

  /** Whether there is anyone to ask. */
  setOpen(open: boolean): void {
    this.#open = open;
    this.#tries.clear();
    this.#stop();
    this.#wanted.forEach((id) => this.#fresh.add(id));
    if (this.#fresh.size > 0) this.#gather();
  }

  receive(ids: readonly string[], buffers: readonly Uint8Array[]): void {
    ids.forEach((id, i) => {
      const bytes = buffers[i];
      const type = bytes && typeOf(bytes);
      this.#wanted.delete(id);
      this.#fresh.delete(id);
      if (!bytes || !type || this.#blobs.has(id)) return;
      // The copy lets go of the message's whole buffer.
      this.#blobs.set(id, new Blob([bytes.slice()], { type }));
    });
    this.#listeners.forEach((listener) => listener());
  }

  subscribe(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  dispose(): void {
    this.#stop();
    this.#urls.forEach((url) => URL.revokeObjectURL(url));
    this.#urls.clear();
    this.#blobs.clear();
    this.#wanted.clear();
    this.#fresh.clear();
    this.#listeners.clear();
    this.#open = false;
  }

  /** A wish never waits for the answer to an earlier one. */
  #gather(): void {
    if (!this.#open || this.#gathering !== null) return;
    this.#gathering = setTimeout(() => {
      this.#gathering = null;
      const ids = [...this.#fresh];
      this.#fresh.clear();
      this.#request(ids);
    }, GATHER_MS);
  }

  #request(wanted: readonly string[]): void {
    const ids = wanted.filter((id) => (this.#tries.get(id) ?? 0) < TRIES);
    if (ids.length === 0) return;
    for (const id of ids) this.#tries.set(id, (this.#tries.get(id) ?? 0) + 1);
    this.#ask(ids);
    this.#waiting ??= setTimeout(() => {
      this.#waiting = null;
      this.#request([...this.#wanted].filter((id) => !this.#fresh.has(id)));
    }, AGAIN_MS);
  }

  #stop(): void {
    if (this.#gathering !== null) clearTimeout(this.#gathering);
    if (this.#waiting !== null) clearTimeout(this.#waiting);
    this.#gathering = this.#waiting = null;
  }
}
