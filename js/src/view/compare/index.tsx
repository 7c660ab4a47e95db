/** Two explanations beside each other, each drawn as it is alone. */

import type { JSX } from "preact";
import { useEffect, useLayoutEffect, useMemo, useReducer } from "preact/hooks";
import { middle } from "../../format.js";
import type { Store } from "../../store.js";
import { App } from "../app.js";
import { InBoth } from "./mark.js";
import { compared, sameData, shared } from "./sentence.js";

export interface Side {
  store: Store;
  name: string;
}

/** A row that is picked on one side is picked on the other. */
function useLink(a: Store | null, b: Store): void {
  useEffect(() => {
    if (a === null || !sameData(a.state, b.state)) return;
    const follow = (from: Store, to: Store): (() => void) =>
      from.subscribe(() => to.select(from.selected));
    const ends = [follow(a, b), follow(b, a)];
    return () => ends.forEach((end) => end());
  }, [a, b, a?.state.start, b.state.start]);
}

/** One explanation, or two: the place of the one that is `shown` never changes. */
export function SideBySide(props: { kept: Side | null; shown: Side }): JSX.Element {
  const { kept, shown } = props;
  const [, redraw] = useReducer((n: number) => n + 1, 0);
  useLayoutEffect(() => shown.store.subscribe(() => redraw(undefined)), [shown.store]);
  useLink(kept?.store ?? null, shown.store);
  const [a, b] = [kept?.store.state ?? null, shown.store.state];
  const both = useMemo(
    () => (a === null ? new Set<number>() : shared(a, b)),
    // eslint-disable-next-line react-hooks/exhaustive-deps -- of a state, the set alone counts
    [a?.steps, b.steps, a?.start, b.start],
  );
  return (
    <InBoth.Provider value={both}>
      {kept !== null && a !== null && (
        <p key="sentence" class="compared" role="status">
          {compared([a, b], [kept.name, shown.name]).map((piece, i) =>
            i % 2 === 1 ? <b key={i}>{piece}</b> : piece,
          )}
        </p>
      )}
      <div key="sides" class={kept === null ? "sides one" : "sides"}>
        {kept !== null && <One key="kept" side={kept} titled />}
        <One key="shown" side={shown} titled={kept !== null} />
      </div>
    </InBoth.Provider>
  );
}

function One(props: { side: Side; titled: boolean }): JSX.Element {
  const { store, name } = props.side;
  const named = props.titled ? { role: "group" as const, "aria-label": name } : {};
  return (
    <div class="side" {...named}>
      {props.titled && <h3 class="side-name">{middle(name, 60)}</h3>}
      <App store={store} />
    </div>
  );
}

/** A saved comparison. */
export function Compare(props: { sides: readonly [Side, Side] }): JSX.Element {
  return (
    <div class="comparison" data-lm-suppress-shortcuts="true">
      <SideBySide kept={props.sides[0]} shown={props.sides[1]} />
    </div>
  );
}
