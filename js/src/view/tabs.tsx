/** Which rows are shown: the supports, one baseline, or all methods side by side. */

import type { JSX } from "preact";
import { useMemo, useRef } from "preact/hooks";
import { count } from "../format.js";
import { Alternatives, mayHaveOthers } from "./alternatives/index.js";
import { useView } from "./context.js";
import { flipsAt } from "./curve/legend.js";
import { Galleries } from "./galleries.js";
import { Plane } from "./plane/index.js";
import { hasTab, usePlanes } from "./plane/use.js";
import { List } from "./rows/list.js";
import { rankingLines, supportLines } from "./rows/lines.js";
import { useRoving } from "./rows/roving.js";
import { deedOf, methodName, phaseOf, relabels } from "./summary.js";

interface Tab {
  id: string;
  title: string;
  note: string;
}

const SIDE_BY_SIDE = "side-by-side";
const OTHERS = "alternatives";
const PLANE = "plane";

function useTabs(): { tabs: Tab[]; chosen: string } {
  const view = useView();
  const { state, start, live, screen, width } = view;
  const { plane } = usePlanes();
  const phase = phaseOf(state, live);
  const running = phase === "running" || phase === "paused";
  const short = (words: string): string =>
    width === "wide" ? words : words.replace("flips at ", "").replace("no flip by ", "> ");
  const tabs: Tab[] = [
    {
      id: "mfs",
      title: running ? "Supports so far" : "Supports",
      note: count(state.steps.length),
    },
  ];
  for (const name of new Set([...state.rankings.map((r) => r.method), ...start.baselines])) {
    const ranking = state.rankings.find((r) => r.method === name);
    if (ranking === undefined && !running) continue;
    tabs.push({
      id: name,
      title: methodName(name)[0],
      note: ranking === undefined ? "waits" : short(flipsAt(ranking)),
    });
  }
  const comparable = state.rankings.length > 0 && !running;
  if (comparable && width !== "narrow") {
    tabs.push({ id: SIDE_BY_SIDE, title: "Side by side", note: "" });
  }
  if (mayHaveOthers(state, live)) {
    const others = state.alternatives?.sets.length ?? 0;
    tabs.push({ id: OTHERS, title: "Alternatives", note: others > 0 ? count(others) : "" });
  }
  if (hasTab(view, plane)) tabs.push({ id: PLANE, title: "Plane", note: "" });
  // Pictures compare at a glance; rows of numbers want to be read one list at a time.
  const standard =
    comparable && width === "wide" && start.display.kind === "image" ? SIDE_BY_SIDE : "mfs";
  const wanted = screen.tab ?? standard;
  return { tabs, chosen: tabs.some((tab) => tab.id === wanted) ? wanted : "mfs" };
}

function Supports(): JSX.Element {
  const { state, start, live } = useView();
  const lines = useMemo(() => supportLines(state, start), [state, start]);
  const phase = phaseOf(state, live);
  if (lines.length === 0 && phase !== "running") {
    return (
      <p class="nothing">
        {`No ${relabels(state) ? "label" : "row"} was ${deedOf(state).done}, so there is none to show.`}
      </p>
    );
  }
  return <List lines={lines} supports label="Supports in order of removal" />;
}

function Baseline(props: { method: string }): JSX.Element {
  const { state, start } = useView();
  const ranking = state.rankings.find((r) => r.method === props.method);
  const lines = useMemo(
    () => (ranking ? rankingLines(state, start, ranking) : []),
    [state, start, ranking],
  );
  const title = methodName(props.method)[1];
  if (ranking === undefined)
    return <p class="nothing">{`${title} waits for the search to end.`}</p>;
  if (lines.length === 0) {
    return <p class="nothing">{`No row supports the decision in this ranking.`}</p>;
  }
  return <List lines={lines} supports={false} label={`${title}, the strongest supports first`} />;
}

export function Tabs(props: { id: string }): JSX.Element {
  const { dispatch } = useView();
  const { tabs, chosen } = useTabs();
  const bar = useRef<HTMLDivElement>(null);
  const at = tabs.findIndex((tab) => tab.id === chosen);
  const roving = useRoving(
    bar,
    tabs.length,
    1,
    () => undefined,
    (index) => {
      const tab = tabs[index];
      if (tab && tab.id !== chosen) dispatch({ type: "tab", tab: tab.id });
    },
  );
  const panel = `${props.id}-panel`;
  return (
    <section class="tabs">
      <div ref={bar} class="tab-bar" role="tablist" aria-label="Rows" onKeyDown={roving.onKeyDown}>
        {tabs.map((tab, i) => (
          <button
            key={tab.id}
            type="button"
            role="tab"
            id={`${props.id}-${i}`}
            data-index={i}
            tabIndex={i === at ? 0 : -1}
            aria-selected={i === at}
            aria-controls={panel}
            onClick={() => dispatch({ type: "tab", tab: tab.id })}
          >
            <span class="title">{tab.title}</span> {tab.note}
          </button>
        ))}
      </div>
      <div id={panel} role="tabpanel" aria-labelledby={`${props.id}-${at}`}>
        {chosen === SIDE_BY_SIDE ? (
          <Galleries />
        ) : chosen === OTHERS ? (
          <Alternatives />
        ) : chosen === PLANE ? (
          <Plane />
        ) : chosen === "mfs" ? (
          <Supports />
        ) : (
          <Baseline key={chosen} method={chosen} />
        )}
      </div>
    </section>
  );
}
