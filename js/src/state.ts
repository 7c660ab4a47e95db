/**
 * What the events of a run add up to. Pure: the same events give the same state
 * here and in the kernel, which a test holds together. What only the screen
 * knows (cursor, tab, rows put back) is in `view/screen.ts`.
 */

import { SCHEMA } from "./protocol.js";
import type { Event, EventsMessage, Explained, State, StateMessage, Targets } from "./protocol.js";

export function emptyState(): State {
  return {
    schema: SCHEMA,
    start: null,
    stability: null,
    band: [],
    steps: [],
    searched: 0,
    refined: false,
    verified: null,
    bound: null,
    rankings: [],
    progress: null,
    end: null,
    paused: false,
    plane: null,
    alternatives: null,
    targets: null,
    rows: {},
    images: {},
  };
}

export function apply(state: State, event: Event): State {
  switch (event.type) {
    case "start":
      // The list that a target was chosen from outlives its run.
      return { ...emptyState(), targets: state.targets, start: event };
    case "step": {
      const steps = [...state.steps, ...event.steps];
      return { ...state, steps, searched: steps.length, rows: { ...state.rows, ...event.rows } };
    }
    case "refined":
      return {
        ...state,
        steps: event.steps,
        searched: event.before,
        refined: true,
        rows: { ...state.rows, ...event.rows },
      };
    case "stability":
      return { ...state, stability: event };
    case "band":
      return { ...state, band: event.points };
    case "verified":
      return { ...state, verified: event };
    case "bound":
      return { ...state, bound: event };
    case "ranking":
      return {
        ...state,
        rankings: [
          ...state.rankings.filter((ranking) => ranking.method !== event.ranking.method),
          event.ranking,
        ],
        rows: { ...state.rows, ...event.rows },
      };
    case "progress":
      return { ...state, progress: event };
    case "end":
      return { ...state, end: event, progress: null, paused: false };
    case "paused":
      return state.end === null ? { ...state, paused: event.paused } : state;
    case "plane":
      // Another plane that one view asked for is no part of the run.
      return event.request === null ? { ...state, plane: event.plane } : state;
    case "alternatives": {
      const { sets, searching, note, rows } = event;
      const alternatives = { sets, searching, note };
      return { ...state, alternatives, rows: { ...state.rows, ...rows } };
    }
    case "targets": {
      const { entries, total, chosen } = event;
      return { ...state, targets: { entries, total, chosen } };
    }
    case "chosen":
      return { ...state, targets: state.targets && { ...state.targets, chosen: event.target } };
    case "explained":
      return { ...state, targets: state.targets && explained(state.targets, event) };
    case "what-if":
    case "selected":
      // Between a view and the kernel, no part of the run.
      return state;
  }
}

function explained(targets: Targets, event: Explained): Targets {
  const { target, status, size } = event;
  const entries = targets.entries.map((entry) =>
    entry.target === target ? { ...entry, status, size } : entry,
  );
  return { ...targets, entries };
}

/** The kernel sends pictures apart: those that the saved form of a run brought stay with it. */
function keepPictures(before: State, after: State): State {
  if (before.start === null || before.start.id !== after.start?.id) return after;
  return { ...after, images: { ...before.images, ...after.images } };
}

/** The state together with its place in the stream. */
export interface Feed {
  state: State;
  /** Of the last message that `state` includes; null before the first. */
  seq: number | null;
  /** True while a message is missing: only a whole state helps. */
  behind: boolean;
}

export function reduce(feed: Feed, message: EventsMessage | StateMessage): Feed {
  if ("state" in message) {
    // An answer that was overtaken by events we already have says nothing new.
    if (!feed.behind && feed.seq !== null && message.seq < feed.seq) return feed;
    return { state: keepPictures(feed.state, message.state), seq: message.seq, behind: false };
  }
  const { seq, events } = message;
  if (events[0]?.type === "start") {
    // A run begins: whatever was missed before it no longer matters.
    return { state: events.reduce(apply, feed.state), seq, behind: false };
  }
  if (feed.seq !== null && seq <= feed.seq) return feed;
  if (feed.behind || feed.seq === null || seq !== feed.seq + 1) return { ...feed, behind: true };
  return { state: events.reduce(apply, feed.state), seq, behind: false };
}
