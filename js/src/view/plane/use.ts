/** The plane that one view shows: that of the run, or another one that it asked for. */

import { createContext } from "preact";
import {
  useCallback,
  useContext,
  useEffect,
  useLayoutEffect,
  useMemo,
  useState,
} from "preact/hooks";
import type { Plane } from "../../protocol.js";
import type { Store } from "../../store.js";
import type { View } from "../context.js";

/** A plane needs a grid of predictions and perhaps a refit; after this long none will come. */
const ANSWER_MS = 60_000;

type Axes = [x: number | null, y: number | null];

interface Held {
  /** The run that all this is about. */
  run: string | null;
  plane: Plane | null;
  request: number | null;
  axes: Axes | null;
  note: string;
}

const nothing: Held = { run: null, plane: null, request: null, axes: null, note: "" };

export interface Planes {
  plane: Plane | null;
  /** Axes that were asked for and have not come yet. */
  wanted: Axes | null;
  /** Why the plane that was asked for did not come. */
  note: string;
  ask: (x: number | null, y: number | null) => void;
}

export const PlaneContext = createContext<Planes>({
  plane: null,
  wanted: null,
  note: "",
  ask: () => undefined,
});

export function usePlanes(): Planes {
  return useContext(PlaneContext);
}

export function usePlane(store: Store): Planes {
  const { state, live } = store;
  const run = state.start?.id ?? null;
  const [latest, setHeld] = useState(nothing);
  const held = latest.run === run ? latest : nothing;
  useLayoutEffect(
    () =>
      store.onAnswer((answer) => {
        if (answer.type !== "plane" || answer.request === null) return;
        const { request, plane, note } = answer;
        setHeld((before) => {
          if (before.request !== request) return before;
          const rest = { ...before, request: null, axes: null };
          return plane === null ? { ...rest, note } : { ...rest, plane, note: "" };
        });
      }),
    [store],
  );
  const { request } = held;
  useEffect(() => {
    if (request === null) return;
    const note = "The kernel did not answer.";
    const timer = setTimeout(
      () => setHeld((h) => (h.request === request ? { ...h, request: null, axes: null, note } : h)),
      ANSWER_MS,
    );
    return () => clearTimeout(timer);
  }, [request]);
  const ask = useCallback(
    (x: number | null, y: number | null) => {
      const request = store.askPlane(x, y);
      setHeld((before) => {
        const plane = before.run === run ? before.plane : null;
        return { run, plane, request, axes: [x, y], note: "" };
      });
    },
    [store, run],
  );
  const plane = held.plane ?? state.plane;
  const wanted = live && request !== null ? held.axes : null;
  const { note } = held;
  return useMemo(() => ({ plane, wanted, note, ask }), [plane, wanted, note, ask]);
}

/** Tables have it beside the curve, where there is room. */
export function isBeside(view: Pick<View, "start" | "width">, plane: Plane | null): boolean {
  return plane !== null && view.width === "wide" && view.start.display.kind === "table";
}

/** Pictures and texts have none of their own: it is made when the tab is opened. */
export function hasTab(view: View, plane: Plane | null): boolean {
  if (plane !== null) return !isBeside(view, plane);
  return view.live && view.state.end !== null && view.start.display.kind !== "table";
}
