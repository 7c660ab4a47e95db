/** Hands files and text to the reader without a network. */

/** Longer names are cut by some file systems, and read by nobody. */
const LONGEST = 60;

/** "forcing-set-test-row-17.csv": letters and digits of the target's name, nothing else. */
export function fileName(target: string | null, ending: string): string {
  const name = (target ?? "")
    .normalize("NFKD")
    .toLowerCase()
    .replace(/[^\p{L}\p{N}]+/gu, "-")
    .replace(/^-+|-+$/g, "")
    .slice(0, LONGEST);
  return `forcing-set${name === "" ? "" : `-${name}`}.${ending}`;
}

export function save(document: Document, name: string, data: Blob): void {
  const url = URL.createObjectURL(data);
  const link = document.createElement("a");
  link.href = url;
  link.download = name;
  link.click();
  // The download has its own hold on the data once it began.
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}

/** True where the clipboard took the text. */
export async function copy(document: Document, text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    // Plain HTTP and sandboxed outputs have no clipboard object: the old way still works.
    const area = document.createElement("textarea");
    area.value = text;
    area.style.position = "fixed";
    area.style.opacity = "0";
    document.body.append(area);
    area.select();
    try {
      // eslint-disable-next-line @typescript-eslint/no-deprecated -- the only way there
      return document.execCommand("copy");
    } finally {
      area.remove();
    }
  }
}
