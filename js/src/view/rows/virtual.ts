/** Only the rows near the window of a long list are drawn. */

import type { RefObject } from "preact";
import { useCallback, useEffect, useLayoutEffect, useState } from "preact/hooks";

/** Lists up to this height are drawn whole and scroll with the page. */
const WHOLE = 760;
/** About the height of the window of a longer list. */
const WINDOW = 460;
/** Drawn beyond either edge, about, in pixels. */
const BEYOND = 160;
/** Milliseconds without a jump after which a list counts as standing still. */
const STILL = 120;
/** Jumps on end that make a flight: one alone is a key, or a click on the scroll bar. */
const FLIGHT = 3;

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
  /** Whether lines fly past faster than anybody reads: what is in them may wait. */
  passing: boolean;
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
  const [passing, setPassing] = useState(false);

  useEffect(() => {
    const element = ref.current;
    if (!long || element === null) return;
    let still: ReturnType<typeof setTimeout> | undefined;
    let from = element.scrollTop;
    let jumps = 0;
    const land = (): void => {
      jumps = 0;
      setPassing(false);
    };
    const onScroll = (): void => {
      const to = element.scrollTop;
      const far = Math.abs(to - from) > window / 2;
      from = to;
      setTop(to);
      if (far) {
        jumps += 1;
        setPassing(jumps >= FLIGHT);
        clearTimeout(still);
        still = setTimeout(land, STILL);
      }
    };
    element.addEventListener("scroll", onScroll, { passive: true });
    return () => {
      clearTimeout(still);
      element.removeEventListener("scroll", onScroll);
    };
  }, [ref, long, window]);

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
    const seen: [number, number] = [1, lines];
    return { first: 0, last: lines, before: 0, after: 0, window: null, seen, passing, reveal };
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
    passing,
    reveal,
  };
}
