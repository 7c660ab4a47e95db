/** What the side panel lists, in which order: free of any notebook. */

import type { State } from "../protocol.js";
import type { RunStore } from "../registry.js";
import { phaseOf } from "../view/summary.js";

/** One explanation as the panel shows it. */
export interface Item {
  /** Of this run in this notebook. */
  key: string;
  /** The notebook that it stands in; empty where it stands in none that is open. */
  group: string;
  title: string;
  state: State;
  live: boolean;
  /** Null where nothing on the page draws it yet. */
  store: RunStore | null;
}

export interface Group<T extends Item> {
  id: string;
  title: string;
  items: T[];
}

export function isFinished(item: Pick<Item, "state" | "live">): boolean {
  const phase = phaseOf(item.state, item.live);
  return phase === "ended" || phase === "lost";
}

/** Without those that were cleared; running ones on top, else in the order of the notebook. */
export function arrange<T extends Item>(
  items: readonly T[],
  cleared: ReadonlySet<string>,
): Group<T>[] {
  const groups = new Map<string, Group<T>>();
  for (const item of items) {
    if (isFinished(item) && cleared.has(item.key)) continue;
    const group = groups.get(item.group) ?? { id: item.group, title: item.title, items: [] };
    groups.set(item.group, group);
    group.items.push(item);
  }
  return [...groups.values()].map((group) => ({
    ...group,
    items: [...group.items].sort((a, b) => Number(isFinished(a)) - Number(isFinished(b))),
  }));
}

/** The one after the current one, the first after the last. */
export function following<T extends { key: string }>(
  items: readonly T[],
  current: string | null,
): T | null {
  const at = items.findIndex((item) => item.key === current);
  return items[(at + 1) % items.length] ?? null;
}
