/** The view of a run; of many targets with the list of them, and perhaps one kept beside. */

import type { JSX } from "preact";
import { useId, useLayoutEffect, useReducer, useRef, useState } from "preact/hooks";
import { className, count, middle } from "../../format.js";
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
function Drawer(props: { store: Store; targets: Targets }): JSX.Element {
  const { store, targets } = props;
  const [open, setOpen] = useState(false);
  const button = useRef<HTMLButtonElement>(null);
  const id = useId();
  const chosen = targets.entries.find((entry) => entry.target === targets.chosen);
  return (
    <>
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
        {chosen !== undefined && (
          <span class="clip">{`${middle(chosen.name, 32)}, ${className(chosen.decision)}`}</span>
        )}
      </button>
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
              <h3>
                Test rows <span>{count(targets.total)}</span>
              </h3>
              <TargetList store={store} targets={targets} beside onChoose={() => undefined} />
            </>
          ) : (
            <Drawer store={store} targets={targets} />
          )}
        </aside>
      )}
      <div key="main" class="main">
        {comparable && kept === null && (
          <div class="pin">
            <button
              type="button"
              class="plain"
              title="Keeps this explanation on the screen while you choose another row"
              onClick={keep}
            >
              <BesideIcon />
              Keep beside
            </button>
          </div>
        )}
        {kept !== null && (
          <div class="pin">
            <span>{other ? "" : "Choose another row to compare with."}</span>
            <button type="button" class="plain" onClick={close}>
              <CancelIcon />
              Close
            </button>
          </div>
        )}
        <SideBySide
          kept={other ? kept : null}
          shown={{ store, name: state.start?.target.name ?? "" }}
        />
      </div>
    </div>
  );
}
