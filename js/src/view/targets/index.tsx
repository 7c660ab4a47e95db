/** The view of a run; of many targets with the list of them, and perhaps one kept beside. */

import type { ComponentChildren, JSX } from "preact";
import { useId, useLayoutEffect, useReducer, useRef, useState } from "preact/hooks";
import { count, middle } from "../../format.js";
import type { Targets } from "../../protocol.js";
import type { Store } from "../../store.js";
import { SideBySide } from "../compare/index.js";
import type { Side } from "../compare/index.js";
import { BesideIcon, CancelIcon, ChevronIcon } from "../icons.js";
import { useWidth, widthOf } from "../width.js";
import { TargetList } from "./list.js";

/** Redraws when the store tells. */
function useStore(store: Store): void {
  const [, redraw] = useReducer((n: number) => n + 1, 0);
  useLayoutEffect(() => store.subscribe(() => redraw(undefined)), [store]);
}

/** The list on a narrow screen: one line until it is asked for. */
function Drawer(props: {
  store: Store;
  targets: Targets;
  children: ComponentChildren;
}): JSX.Element {
  const { store, targets } = props;
  const [open, setOpen] = useState(false);
  const button = useRef<HTMLButtonElement>(null);
  const id = useId();
  const chosen = targets.entries.find((entry) => entry.target === targets.chosen);
  return (
    <>
      <div class="list-head">
        <button
          ref={button}
          type="button"
          class="drawer"
          aria-expanded={open}
          aria-controls={id}
          onClick={() => setOpen(!open)}
        >
          <ChevronIcon />
          <b>{`${count(targets.total)} test rows`}</b>
          {chosen !== undefined && <span class="clip">{middle(chosen.name, 40)}</span>}
        </button>
        {props.children}
      </div>
      <div id={id} hidden={!open}>
        {open && (
          <TargetList
            store={store}
            targets={targets}
            beside={false}
            onChoose={() => {
              setOpen(false);
              button.current?.focus();
            }}
          />
        )}
      </div>
    </>
  );
}

/** What is shown, kept while another target is explained. */
function useKept(store: Store): { kept: Side | null; keep: () => void; close: () => void } {
  const [kept, setKept] = useState<Side | null>(null);
  return {
    kept,
    keep: () => setKept({ store: store.copy(), name: store.state.start?.target.name ?? "" }),
    close: () => {
      kept?.store.dispose();
      setKept(null);
    },
  };
}

export function Explore(props: { store: Store }): JSX.Element {
  const { store } = props;
  useStore(store);
  const root = useRef<HTMLDivElement>(null);
  const pixels = useWidth(root, 900);
  const { state } = store;
  const { targets } = state;
  const { kept, keep, close } = useKept(store);
  // Two explanations and a list beside them are too much even for a wide screen.
  const beside = widthOf(pixels) === "wide" && kept === null;
  const run = state.start?.id;
  const comparable = targets !== null && state.end !== null && state.steps.length > 0;
  const other = kept !== null && kept.store.state.start?.id !== run;
  const keepButton =
    kept !== null ? (
      <button type="button" class="plain" onClick={close}>
        <CancelIcon />
        {widthOf(pixels) === "narrow" ? "Close" : "Close comparison"}
      </button>
    ) : comparable ? (
      <button
        type="button"
        class="plain"
        aria-label="Keep beside"
        title="Keeps this explanation on the screen while you choose another row"
        onClick={keep}
      >
        <BesideIcon />
        {widthOf(pixels) === "narrow" ? "Keep" : "Keep beside"}
      </button>
    ) : null;
  return (
    <div
      ref={root}
      class={targets === null ? "whole" : `explore ${beside ? "beside" : "above"}`}
      data-lm-suppress-shortcuts="true"
    >
      {targets !== null && (
        <aside key="targets" aria-label="Test rows" onKeyDown={(event) => event.stopPropagation()}>
          {beside ? (
            <>
              <div class="list-head">
                <h3>
                  Test rows <span>{count(targets.total)}</span>
                </h3>
                {keepButton}
              </div>
              <TargetList store={store} targets={targets} beside onChoose={() => undefined} />
            </>
          ) : (
            <Drawer store={store} targets={targets}>
              {keepButton}
            </Drawer>
          )}
        </aside>
      )}
      <div key="main" class="main">
        {kept !== null && !other && (
          <p class="compared" role="status">
            <b>{middle(kept.name, 40)}</b> is kept. Choose another row to compare it with.
          </p>
        )}
        <SideBySide
          kept={other ? kept : null}
          shown={{ store, name: state.start?.target.name ?? "" }}
        />
      </div>
    </div>
  );
}
