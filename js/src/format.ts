/** Numbers and names as the reader sees them. */

/** Thin, and no line breaks in it. */
export const THIN = "\u202f";
const MINUS = "\u2212";

/** A true minus instead of the hyphen, none before a zero. */
export function signed(text: string): string {
  if (!text.startsWith("-")) return text;
  return /[1-9]/.test(text) ? MINUS + text.slice(1) : text.slice(1);
}

/** `x` at `digits` decimals, but never at or across `edge` unless it is there. */
function beside(x: number, digits: number, edge: number): number {
  const scale = 10 ** digits;
  const rounded = Math.round(x * scale) / scale;
  if (x > edge && rounded <= edge) return Math.floor(edge * scale + 1) / scale;
  if (x < edge && rounded >= edge) return Math.ceil(edge * scale - 1) / scale;
  return rounded;
}

/** Digits that tell a small part of a hundred from none. */
function placesFor(part: number): number {
  return Math.max(0, Math.ceil(-Math.log10(part) - 1e-9));
}

/** Probabilities near 1 never read as certain: "99.97", at most "> 99.999". */
function nearOne(rest: number, places: number): string {
  if (rest < 0.001 - 1e-9) return "> 99.999";
  const digits = Math.max(places, placesFor(rest));
  const scale = 10 ** digits;
  return ((100 * scale - Math.max(1, Math.round(rest * scale))) / scale).toFixed(digits);
}

function nearZero(x: number, places: number): string {
  if (x < 0.001) return "< 0.001";
  const digits = Math.max(places, placesFor(x));
  const scale = 10 ** digits;
  return (Math.max(1, Math.round(x * scale)) / scale).toFixed(digits);
}

/** The digits of a probability in per cent, finer the closer the decision is. */
export function percentDigits(p: number, digits = 0, threshold = 0.5): string {
  const x = 100 * Math.min(1, Math.max(0, p));
  const edge = 100 * threshold;
  // The tolerance keeps 52 % and 50.05 % on the side where decimal reading puts them.
  const away = Math.abs(x - edge);
  const needed = away < 0.05 - 1e-9 ? 2 : away < 2 - 1e-9 ? 1 : 0;
  const places = Math.max(digits, needed);
  if (x > 99 && x < 100) return nearOne(100 - x, places);
  if (x > 0 && x < 1) return nearZero(x, places);
  return signed(beside(x, places, edge).toFixed(places));
}

/** A tick of an axis: as many digits as it has. */
export function tick(p: number): string {
  return signed(String(Number((100 * p).toFixed(2))));
}

/** A probability: "61 %", "50.3 %" near the decision, "50.01 %" at it. */
export function percent(p: number, digits = 0, threshold = 0.5): string {
  return `${percentDigits(p, digits, threshold)}${THIN}%`;
}

/** A count with thin spaces: "7 896". */
export function count(n: number): string {
  return signed(String(Math.round(n))).replace(/\B(?=(\d{3})+(?!\d))/g, THIN);
}

/** A number at four digits, or as many as tell it from `edge`: "181", "169.97", "181 200". */
export function quantity(v: number, edge: number | null = null): string {
  let text = v.toPrecision(4);
  for (let n = 5; n <= 8 && Number(text) === edge && v !== edge; n++) text = v.toPrecision(n);
  const short = Number(text);
  const size = Math.abs(short);
  if (short !== 0 && (size >= 1e9 || size < 1e-4)) return signed(short.toExponential());
  const plain = signed(String(short));
  return size < 1e4 ? plain : plain.replace(/\B(?=(\d{3})+(?!\d))/g, THIN);
}

/** A change of confidence in points with its sign: "−1.6", "+0.2". */
export function points(change: number, digits = 1): string {
  const text = (100 * change).toFixed(digits);
  if (!/[1-9]/.test(text)) return (0).toFixed(digits);
  return change > 0 ? `+${text}` : signed(text);
}

/** A change of the log-odds with its sign: "−0.42". */
export function odds(change: number, decimals = 2): string {
  const text = change.toFixed(decimals);
  if (!/[1-9]/.test(text)) return (0).toFixed(decimals);
  return change > 0 ? `+${text}` : signed(text);
}

/** Decimals that tell the changes of one list apart. */
export function pointDigits(changes: readonly number[]): number {
  const largest = Math.max(0, ...changes.map((change) => Math.abs(100 * change)));
  return largest < 1 ? 2 : 1;
}

/** At most `length` characters, both ends kept: "MSinceMostRe…nqexcl7days". */
export function middle(text: string, length: number): string {
  const letters = Array.from(text);
  if (letters.length <= length) return text;
  const head = Math.ceil((length - 1) / 2);
  const tail = length - 1 - head;
  return `${letters.slice(0, head).join("")}…${letters.slice(letters.length - tail).join("")}`;
}

/** A feature's value. */
export function value(v: number | string | null, length = 24): string {
  if (v === null) return "missing";
  if (typeof v === "string") return v === "" ? "empty" : middle(v, length);
  if (v === 0) return "0";
  const size = Math.abs(v);
  if (Number.isInteger(v) && size < 1e9) return size >= 1e4 ? count(v) : signed(String(v));
  if (size >= 1e6 || size < 1e-3) return signed(v.toExponential(1));
  if (size >= 1e3) return count(v);
  return signed(String(Number(v.toPrecision(size < 0.1 ? 2 : 3))));
}

const ORDINALS =
  "first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth".split(" ");

export function ordinal(n: number): string {
  const word = ORDINALS[n - 1];
  if (word !== undefined) return word;
  const teen = n % 100 >= 11 && n % 100 <= 13;
  return `${n}${teen ? "th" : (["th", "st", "nd", "rd"][n % 10] ?? "th")}`;
}

/** "1", "1 and 2", "1, 2 and 3". */
export function listed(words: readonly string[]): string {
  if (words.length < 2) return words.join("");
  return `${words.slice(0, -1).join(", ")} and ${words.at(-1) ?? ""}`;
}

/** A class by its name; numbers and truth values say that they are classes. */
export function className(label: string): string {
  return /^(-?\d+(\.\d+)?|true|false|)$/i.test(label) ? `class ${label}`.trim() : label;
}

/** At the head of a sentence; names that have their own capitals keep them. */
export function capital(text: string): string {
  return /^\p{Ll}[\p{Ll}]*(?![\p{L}\p{N}])/u.test(text)
    ? text.charAt(0).toUpperCase() + text.slice(1)
    : text;
}
