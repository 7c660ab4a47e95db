/** Payloads as a hand, a fault or an enemy might change them; the same seed gives the same ones. */

/** Mulberry32: a generator of its own, so that a failure can be run again. */
export function random(seed: number): () => number {
  let x = seed;
  return () => {
    x = (x + 0x6d2b79f5) | 0;
    let t = Math.imul(x ^ (x >>> 15), 1 | x);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Set on the window by every string below that gets to run. */
export const FLAG = "__forcingInjected";

const RUN = `window.${FLAG}=1`;
export const HOSTILE = [
  `<img src=x onerror="${RUN}">`,
  `"><svg onload=${RUN}>`,
  `</script><script>${RUN}</script>`,
  `</style><iframe srcdoc="<script>parent.${FLAG}=1</script>">`,
  `javascript:${RUN}`,
  `data:text/html,<script>${RUN}</script>`,
  `data:image/svg+xml,<svg xmlns='http://www.w3.org/2000/svg' onload='${RUN}'/>`,
  "red;background:url(https://example.org/x)",
  "}*{display:none",
  "__proto__",
  "constructor",
  "toString",
  "NaN",
  "-Infinity",
  "",
  "\u0000\u202e\ud800",
  "a".repeat(3000),
  "é ".repeat(1000),
];

export const NUMBERS = [
  ...[0, -0, 1, -1, 0.5, 1e-300, 5e-324, 1e300, -1e300, Number.MAX_VALUE],
  ...[2 ** 31, 2 ** 32 + 1, Number.MAX_SAFE_INTEGER, 1e15, 0.4999999999999999, 1.0000000000000002],
];

const OTHERS: unknown[] = [null, true, false, {}, [], [[]], { a: null }, Infinity, NaN];

type Next = () => number;

const pick = <T>(from: readonly T[], next: Next): T => from[Math.floor(next() * from.length)]!;

/** A value of the same type, so that the guards may let it in. */
function alike(value: unknown, next: Next): unknown {
  if (typeof value === "number") {
    return next() < 0.2 ? -value : next() < 0.1 ? Math.round(1e9 * next()) : pick(NUMBERS, next);
  }
  if (typeof value === "string") {
    return next() < 0.2 ? value + pick(HOSTILE, next) : pick(HOSTILE, next);
  }
  if (typeof value === "boolean") return !value;
  if (Array.isArray(value)) {
    const list: unknown[] = value;
    const first = list[0];
    return pick(
      [
        [],
        list.slice(1),
        list.slice(0, -1),
        [...list].reverse(),
        [...list, ...list],
        list.length > 0 ? Array.from({ length: 300 }, () => structuredClone(first)) : [],
      ],
      next,
    );
  }
  return value;
}

function deep(levels: number): unknown {
  let value: unknown = "deep";
  for (let i = 0; i < levels; i++) value = i % 2 === 0 ? [value] : { value };
  return value;
}

/** Own keys that a literal cannot write. */
function setOwn(place: object, key: string, value: unknown): void {
  Object.defineProperty(place, key, {
    value,
    configurable: true,
    enumerable: true,
    writable: true,
  });
}

/** Changes one value somewhere, in place. */
function changeOne(payload: object, next: Next, kind: number): void {
  let place: object = payload;
  for (;;) {
    const keys = Object.keys(place);
    const key = keys[Math.floor(next() * keys.length)];
    const child: unknown = key === undefined ? undefined : Reflect.get(place, key);
    const inner = typeof child === "object" && child !== null && Object.keys(child).length > 0;
    if (key !== undefined && inner && next() < 0.85) {
      place = child;
      continue;
    }
    if (key === undefined || (kind > 0.97 && !Array.isArray(place))) {
      const name = pick(["__proto__", "constructor", "later", ...HOSTILE], next);
      setOwn(place, name, next() < 0.3 ? deep(200) : pick(OTHERS, next));
    } else if (kind < 0.8) setOwn(place, key, alike(child, next));
    else if (kind < 0.9) setOwn(place, key, pick(OTHERS, next));
    else if (kind < 0.94 && !Array.isArray(place)) Reflect.deleteProperty(place, key);
    // The keys of rows and pictures are data too.
    else if (!Array.isArray(place)) setOwn(place, pick(HOSTILE, next), child);
    return;
  }
}

/** A copy with up to `most` changes. */
export function mutate(payload: object, next: Next, most = 4): unknown {
  const copy = structuredClone(payload);
  for (let left = 1 + Math.floor(most * next()); left > 0; left--) changeOne(copy, next, next());
  return copy;
}
