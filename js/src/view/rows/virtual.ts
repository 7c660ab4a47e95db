/** Only the rows near the window of a long list are drawn. */

import type { RefObject } from "preact";
import { useCallback, useEffect, useLayoutEffect, useState } from "preact/hooks";

/** Lists up to this height are drawn whole and scroll with the page. */
const WHOLE = 760;
/** About the height of the window of a longer list. */
const WINDOW = 460;
/** Drawn beyond either edge, about, in pixels. */
const BEYOND = 160;

/** How much of a list is shown at once, in pixels. */
export interface Extent {
  /** Up to this height it is drawn whole. */
  whole: number;
  /** About the height of the window of a longer one. */
  window: number;
}
const PAGE: Extent = { whole: WHOLE, window: WINDOW };

export interface Virtual {
  first: number;
  /** One past the last. */
  last: number;
  before: number;
  after: number;
  /** Height of the window; null for a list drawn whole. */
  window: number | null;
  /** First and last line that can be seen, from 1. */
  seen: [number, number];
  reveal: (line: number) => void;
}

export function useVirtual(
  ref: RefObject<HTMLElement | null>,
  lines: number,
  height: number,
  follow: boolean,
  extent: Extent = PAGE,
): Virtual {
  const long = lines * height > extent.whole;
  // Half a line at the lower edge says that there is more.
  const window = Math.round((Math.max(1, Math.round(extent.window / height)) + 0.5) * height);
  const [top, setTop] = useState(0);

  useEffect(() => {
    const element = ref.current;
    if (!long || element === null) return;
    const onScroll = (): void => setTop(element.scrollTop);
    element.addEventListener("scroll", onScroll, { passive: true });
    return () => element.removeEventListener("scroll", onScroll);
  }, [ref, long]);

  useLayoutEffect(() => {
    const element = ref.current;
    if (!long || !follow || element === null) return;
    // Someone who scrolled up is reading: leave her there.
    const rest = (lines - 1) * height - (element.scrollTop + window);
    if (rest < 2 * height) element.scrollTop = lines * height;
  }, [ref, long, follow, lines, height, window]);

  const reveal = useCallback(
    (line: number) => {
      const element = ref.current;
      if (!long || element === null) return;
      const from = line * height;
      if (from + height <= element.scrollTop) element.scrollTop = from;
      else if (from >= element.scrollTop + window) element.scrollTop = from + height - window;
    },
    [ref, long, height, window],
  );

  if (!long) {
    return { first: 0, last: lines, before: 0, after: 0, window: null, seen: [1, lines], reveal };
  }
  const at = Math.min(top, Math.max(0, lines * height - window));
  const beyond = Math.ceil(BEYOND / height);
  const first = Math.max(0, Math.floor(at / height) - beyond);
  const last = Math.min(lines, Math.ceil((at + window) / height) + beyond);
  return {
    first,
    last,
    before: first * height,
    after: (lines - last) * height,
    window,
    seen: [
      Math.min(lines, Math.round(at / height) + 1),
      Math.min(lines, Math.floor((at + window) / height)),
    ],
    reveal,
  };
}
