/** One stop of the tab key for a whole list; arrows move inside it. */

import type { RefObject } from "preact";
import { useLayoutEffect, useState } from "preact/hooks";

export interface Roving {
  /** The line that the tab key reaches. */
  current: number;
  onKeyDown: (event: KeyboardEvent) => void;
  onFocusIn: (event: FocusEvent) => void;
}

export function indexOf(target: EventTarget | null): number | null {
  const element = target instanceof Element ? target.closest("[data-index]") : null;
  return element === null ? null : Number(element.getAttribute("data-index"));
}

/** Where a key leads in a list of `count` lines, `across` to a row of the grid. */
export function move(key: string, from: number, count: number, across: number): number | null {
  const page = 5 * across;
  const to: Record<string, number> = {
    ArrowDown: from + across,
    ArrowUp: from - across,
    ArrowRight: from + 1,
    ArrowLeft: from - 1,
    PageDown: Math.min(count - 1, from + page),
    PageUp: Math.max(0, from - page),
    Home: 0,
    End: count - 1,
  };
  if (!Object.hasOwn(to, key)) return null;
  const next = to[key] ?? from;
  return next >= 0 && next < count ? next : from;
}

export function useRoving(
  ref: RefObject<HTMLElement | null>,
  count: number,
  across: number,
  reveal: (index: number) => void,
  onMove: (index: number, event: KeyboardEvent | FocusEvent) => void,
): Roving {
  const [current, setCurrent] = useState(0);
  const [wanted, setWanted] = useState<number | null>(null);
  // The line may be drawn only after the list has scrolled: look again at every drawing.
  // eslint-disable-next-line react-hooks/exhaustive-deps -- it ends itself
  useLayoutEffect(() => {
    if (wanted === null) return;
    const element = ref.current?.querySelector<HTMLElement>(`[data-index="${wanted}"]`);
    if (!element) return;
    element.focus({ preventScroll: false });
    setWanted(null);
  });
  return {
    current: Math.min(current, Math.max(0, count - 1)),
    onKeyDown: (event) => {
      const from = indexOf(event.target);
      const to = from === null ? null : move(event.key, from, count, across);
      if (to === null) return;
      event.preventDefault();
      event.stopPropagation();
      reveal(to);
      setCurrent(to);
      setWanted(to);
      onMove(to, event);
    },
    onFocusIn: (event) => {
      const index = indexOf(event.target);
      if (index === null) return;
      setCurrent(index);
      onMove(index, event);
    },
  };
}
