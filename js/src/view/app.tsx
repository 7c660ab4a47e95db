/** The layout: sentence and checks, then the curve that proves, then the rows. */

import type { JSX } from "preact";
import {
  useCallback,
  useEffect,
  useId,
  useLayoutEffect,
  useMemo,
  useReducer,
  useRef,
} from "preact/hooks";
import type { State } from "../protocol.js";
import type { Store } from "../store.js";
import { Checks } from "./checks.js";
import { CursorContext, ViewContext } from "./context.js";
import type { Still, View } from "./context.js";
import { Controls } from "./controls.js";
import { Curve } from "./curve/index.js";
import { Footer } from "./footer.js";
import { Headline } from "./headline.js";
import { Plane } from "./plane/index.js";
import { PlaneContext, isBeside, usePlane } from "./plane/use.js";
import { Retrainings } from "./retrainings/index.js";
import { blank, screenReducer } from "./screen.js";
import type { Action, Screen } from "./screen.js";
import { decides, hasPutBack, isNoisy, putBack, relabels } from "./summary.js";
import { Tabs } from "./tabs.js";
import { TargetBlock, TargetLine } from "./target.js";
import { WhatIfLine, undoKey } from "./what-if.js";
import { useWidth, widthOf } from "./width.js";

/** Redraws when the store tells; Preact gathers what comes together. */
function useStore(store: Store): void {
  const [, redraw] = useReducer((n: number) => n + 1, 0);
  // Before the first paint, so that nothing is told while nobody listens.
  useLayoutEffect(() => store.subscribe(() => redraw(undefined)), [store]);
}

/** A refit that takes longer than this has failed, as far as a reader can tell. */
const ANSWER_MS = 60_000;

/** Answers from what is known, else from the kernel; one question at a time. */
function useWhatIf(store: Store, screen: Screen, dispatch: (action: Action) => void): void {
  useLayoutEffect(
    () =>
      store.onAnswer((answer) => {
        if (answer.type === "what-if") dispatch({ type: "answer", answer });
      }),
    [store, dispatch],
  );
  const { back } = screen;
  const { live } = store;
  // Before the paint: what is known already must not flash by as unknown.
  useLayoutEffect(() => {
    const { state } = store;
    const claim = state.start?.claim;
    if (back.length === 0 || claim === undefined) return;
    if (back.length === 1) {
      const index = state.steps.findIndex((step) => step.row === back[0]);
      const known = putBack(state, index);
      if (known !== null) {
        const favoured = decides(claim, known) === "favoured";
        const label = favoured ? claim.favoured : (state.verified?.label ?? claim.rival);
        dispatch({ type: "known", label, confidence: known });
        return;
      }
    }
    if (!live) return;
    const out = state.steps.map((step) => step.row).filter((row) => !back.includes(row));
    const request = store.ask(out);
    dispatch({ type: "asked", request });
    const timer = setTimeout(() => dispatch({ type: "unanswered", request }), ANSWER_MS);
    return () => clearTimeout(timer);
  }, [store, back, live, dispatch]);
}

/** Step that removes a row; null where none does. */
function stepThat(state: State, row: number | undefined): number | null {
  const index = row === undefined ? -1 : state.steps.findIndex((step) => step.row === row);
  return index < 0 ? null : index + 1;
}

/** The same object as before while nothing but the cursor has changed. */
function useStill(screen: Screen): Still {
  const kept = useRef<Still>(screen);
  const keys = Object.keys(screen).filter((key) => key !== "cursor") as (keyof Still)[];
  if (keys.some((key) => screen[key] !== kept.current[key])) kept.current = screen;
  return kept.current;
}

export function App(props: { store: Store }): JSX.Element {
  const { store } = props;
  const { state, live, silent, loss } = store;
  const { start } = state;
  useStore(store);
  const root = useRef<HTMLElement>(null);
  const width = widthOf(useWidth(root, 900));
  const [screen, dispatch] = useReducer(screenReducer, blank);
  useWhatIf(store, screen, dispatch);
  const planes = usePlane(store);
  const id = useId();

  // Another run begins with a clean screen.
  const run = start?.id;
  const shown = useRef(run);
  useEffect(() => {
    if (shown.current !== run) dispatch({ type: "clear" });
    shown.current = run;
  }, [run]);

  const { selected } = store;
  const select = useCallback(
    (rows: readonly number[]) => {
      dispatch({ type: "cursor", step: null });
      store.select(rows);
    },
    [store],
  );
  const toggle = useCallback((row: number) => dispatch({ type: "toggle", row }), []);
  // The kernel's answers are about rows that are left out, not about labels.
  const known = isNoisy(state) ? hasPutBack(state) : state.verified !== null;
  const answerable = state.end !== null && (live || known);
  const possible = answerable && !relabels(state);
  const still = useStill(screen);
  const newest = useMemo(() => stepThat(state, selected.at(-1)), [state, selected]);
  const cursor = screen.play?.step ?? screen.cursor ?? newest;
  const view = useMemo(
    (): View | null =>
      start && {
        store,
        state,
        start,
        live,
        screen: still,
        dispatch,
        selected,
        select,
        width,
        toggle: possible ? toggle : null,
      },
    [store, state, start, live, still, selected, select, width, possible, toggle],
  );

  const beside = start !== null && start.display.kind !== "table";
  // Where chance decides there is no set, and no way to one.
  const unstable = state.end?.status === "unstable";
  const planed = !unstable && view !== null && isBeside(view, planes.plane);
  // The same elements as long as nothing but the cursor moves: those are not looked at again.
  const parts = useMemo(
    () => (
      <>
        <header>
          {view && !beside && <TargetLine />}
          <Headline state={state} live={live} />
          <div class="status">
            <Checks state={state} live={live} silent={silent} loss={loss} />
            <Controls store={store} />
          </div>
          {view && <WhatIfLine />}
        </header>
        {view && (
          <PlaneContext.Provider value={planes}>
            {!(unstable && !beside) && (
              <div class={`evidence ${view.start.display.kind}${planed ? " planed" : ""}`}>
                {beside && <TargetBlock />}
                {!unstable && <Curve />}
                {planed && <Plane beside />}
              </div>
            )}
            <Retrainings />
            {!unstable && <Tabs id={id} />}
            <Footer />
          </PlaneContext.Provider>
        )}
      </>
    ),
    [view, beside, unstable, planes, planed, state, live, silent, loss, store, id],
  );
  return (
    <section
      ref={root}
      class={`forcing ${width}`}
      aria-label={["Forcing set", start?.target.name].filter(Boolean).join(" of ")}
      data-lm-suppress-shortcuts="true"
      onKeyDown={(event) => undoKey(event, screen, () => dispatch({ type: "undo" }))}
    >
      <ViewContext.Provider value={view}>
        <CursorContext.Provider value={cursor}>{parts}</CursorContext.Provider>
      </ViewContext.Provider>
    </section>
  );
}
