/** A finished run as a film: which removal is shown, and for how long. */

/** Where the film is; null where the whole run is shown. */
export interface Play {
  /** Removals shown, 0 for the start. */
  step: number;
  running: boolean;
}

/** About how long a whole run takes. */
const WHOLE_MS = 7000;
const SHORTEST_MS = 60;
const LONGEST_MS = 700;
/** Stops of a run for people who asked for less motion. */
const STOPS = 12;

/** From one removal to the next that is shown, and how long each stays. */
export function pace(last: number, calm: boolean): { stride: number; wait: number } {
  if (calm) return { stride: Math.max(1, Math.ceil(last / STOPS)), wait: LONGEST_MS };
  // Steps shorter than can be seen are taken several at once.
  const stride = Math.max(1, Math.ceil((last * SHORTEST_MS) / WHOLE_MS));
  const wait = (WHOLE_MS * stride) / Math.max(1, last);
  return { stride, wait: Math.min(LONGEST_MS, Math.max(SHORTEST_MS, wait)) };
}

/** Begins, holds or goes on; from the end it begins anew. */
export function toggled(play: Play | null, cursor: number | null, last: number): Play {
  if (play !== null) return { ...play, running: !play.running };
  return { step: cursor === null || cursor >= last ? 0 : cursor, running: true };
}

/** The next picture; null after the last, which shows the whole run. */
export function advanced(play: Play, last: number, stride: number): Play | null {
  return play.step >= last ? null : { ...play, step: Math.min(last, play.step + stride) };
}

/** One removal back or on, held there. */
export function stepped(
  play: Play | null,
  cursor: number | null,
  last: number,
  by: -1 | 1,
): Play | null {
  const from = play?.step ?? cursor ?? (by < 0 ? last : 0);
  const step = Math.min(last, Math.max(0, from + by));
  return { step, running: false };
}
