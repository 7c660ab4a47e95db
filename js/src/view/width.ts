/** The three widths of the layout, and the width itself for the curve. */

import type { RefObject } from "preact";
import { useLayoutEffect, useState } from "preact/hooks";

export type Width = "wide" | "medium" | "narrow";

export function widthOf(pixels: number): Width {
  if (pixels >= 720) return "wide";
  return pixels >= 480 ? "medium" : "narrow";
}

/** Width of an element in whole pixels, `fallback` where it cannot be measured. */
export function useWidth(ref: RefObject<HTMLElement | null>, fallback: number): number {
  const [width, setWidth] = useState(fallback);
  useLayoutEffect(() => {
    const element = ref.current;
    if (element === null) return;
    // A hidden output measures 0: keep what was.
    const measure = (pixels: number): void => {
      if (pixels > 0) setWidth(Math.floor(pixels));
    };
    measure(element.clientWidth);
    if (typeof ResizeObserver === "undefined") return;
    // With its padding, which changes with the layout: else the two could chase each other.
    const observer = new ResizeObserver(() => measure(element.clientWidth));
    observer.observe(element);
    return () => observer.disconnect();
  }, [ref]);
  return width;
}
