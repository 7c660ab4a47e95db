/** The rows to choose from: searched, filtered, and one of them explained. */

import type { JSX } from "preact";
import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { className, count, middle } from "../../format.js";
import type { TargetEntry, Targets } from "../../protocol.js";
import type { Store } from "../../store.js";
import { InfoIcon, SearchIcon } from "../icons.js";
import { useRoving } from "../rows/roving.js";
import { useVirtual } from "../rows/virtual.js";
import type { Extent } from "../rows/virtual.js";
import { phaseOf, relabels } from "../summary.js";
import { Entry } from "./entry.js";
import { classesOf, counted, everything, filtered, isAll } from "./filter.js";
import type { Filter, Verdict } from "./filter.js";

/** Heights are fixed, so that a long list knows where every row is. */
const HEIGHTS = { bare: 46, image: 60, text: 62 };
/** Beside the view there is room for a tall list, above it for a short one. */
const BESIDE: Extent = { whole: 700, window: 640 };
const ABOVE: Extent = { whole: 300, window: 260 };

const VERDICTS: readonly [Verdict, string][] = [
  ["all", "All"],
  ["wrong", "Wrong"],
  ["right", "Right"],
];

function kindOf(entries: readonly TargetEntry[]): keyof typeof HEIGHTS {
  if (entries.some((entry) => entry.image !== null)) return "image";
  return entries.some((entry) => entry.text !== null) ? "text" : "bare";
}

function Filters(props: {
  entries: readonly TargetEntry[];
  total: number;
  filter: Filter;
  change: (change: Partial<Filter>) => void;
}): JSX.Element {
  const { entries, filter, change } = props;
  const numbers = useMemo(() => counted(entries), [entries]);
  const classes = useMemo(() => classesOf(entries), [entries]);
  const judged = numbers.wrong + numbers.right > 0;
  return (
    <>
      <label class="search">
        <SearchIcon />
        <input
          type="search"
          placeholder={`Search ${count(entries.length)} rows`}
          aria-label="Search the test rows by name, label or decision"
          value={filter.words}
          onInput={(event) => change({ words: event.currentTarget.value })}
        />
      </label>
      <div class="chips">
        {judged && (
          <div role="group" aria-label="Which rows">
            {VERDICTS.map(([verdict, title]) => (
              <button
                key={verdict}
                type="button"
                aria-pressed={filter.verdict === verdict}
                onClick={() => change({ verdict })}
              >
                {title} <span>{count(numbers[verdict])}</span>
              </button>
            ))}
          </div>
        )}
        {classes.length > 1 && (
          <select
            aria-label="Class, by label or decision"
            value={filter.of}
            onChange={(event) => change({ of: event.currentTarget.value })}
          >
            <option value="">any class</option>
            {classes.map((name) => (
              <option key={name} value={name}>
                {middle(className(name), 24)}
              </option>
            ))}
          </select>
        )}
      </div>
    </>
  );
}

/** What else there is to know about the list, a line each. */
function notes(targets: Targets, live: boolean): string[] {
  const { entries, total } = targets;
  const left = total - entries.length;
  return [
    ...(left > 0 ? [`${count(left)} more were not saved with the notebook.`] : []),
    ...(live ? [] : ["To explain another row needs the running kernel."]),
  ];
}

export interface TargetListProps {
  store: Store;
  targets: Targets;
  beside: boolean;
  onChoose: () => void;
}

export function TargetList(props: TargetListProps): JSX.Element {
  const { store, targets, beside } = props;
  const { state, live } = store;
  const { entries } = targets;
  const [filter, setFilter] = useState(everything);
  // Said at once, until the kernel says which one it explains.
  const [asked, setAsked] = useState<{ target: number; instead: number | null } | null>(null);
  const shown = useMemo(() => filtered(entries, filter), [entries, filter]);
  const kind = useMemo(() => kindOf(entries), [entries]);
  const chosen = asked !== null && asked.instead === targets.chosen ? asked.target : targets.chosen;

  const box = useRef<HTMLDivElement>(null);
  const height = HEIGHTS[kind];
  const virtual = useVirtual(box, shown.length, height, false, beside ? BESIDE : ABOVE);
  const { reveal } = virtual;
  const roving = useRoving(box, shown.length, 1, reveal, () => undefined);
  const at = shown.findIndex((entry) => entry.target === chosen);
  // Chosen in Python or in another view, it comes into sight.
  useEffect(() => {
    if (at >= 0) reveal(at);
    // eslint-disable-next-line react-hooks/exhaustive-deps -- a search must not scroll to it
  }, [chosen, reveal]);

  const choose = (target: number): void => {
    setAsked({ target, instead: targets.chosen });
    store.send({ type: "explain", target });
    props.onChoose();
  };
  const phase = phaseOf(state, live);
  const running = phase === "running" || phase === "paused";
  const judged = entries.some((entry) => entry.wrong !== null);
  const stop = Math.min(Math.max(roving.current, virtual.first), virtual.last - 1);
  const [from, to] = virtual.seen;
  return (
    <div class={`target-list ${kind}`} style={{ "--row": `${height}px` }}>
      <Filters
        entries={entries}
        total={targets.total}
        filter={filter}
        change={(change) => {
          setFilter({ ...filter, ...change });
          if (box.current) box.current.scrollTop = 0;
        }}
      />
      <p class="order">{judged ? "Wrong and confident first" : "Least sure first"}</p>
      <div
        ref={box}
        role="listbox"
        aria-label="Test rows"
        class={virtual.window === null ? "entries" : "entries scrolls"}
        style={virtual.window === null ? {} : { height: `${virtual.window}px` }}
        onKeyDown={(event) => {
          const element = event.target instanceof HTMLElement ? event.target : null;
          if ((event.key === "Enter" || event.key === " ") && element?.dataset.index) {
            event.preventDefault();
            element.click();
          } else roving.onKeyDown(event);
        }}
        onFocusIn={roving.onFocusIn}
      >
        <div style={{ height: `${virtual.before}px` }} />
        {shown.slice(virtual.first, virtual.last).map((entry, i) => (
          <Entry
            key={entry.target}
            entry={entry}
            store={store}
            index={virtual.first + i}
            count={shown.length}
            tabIndex={virtual.first + i === stop ? 0 : -1}
            chosen={entry.target === chosen}
            running={running && entry.target === targets.chosen}
            labels={relabels(state)}
            choose={live ? choose : null}
          />
        ))}
        <div style={{ height: `${virtual.after}px` }} />
      </div>
      {shown.length === 0 && (
        <p class="nothing">
          {"No row is like that. "}
          <button type="button" class="link" onClick={() => setFilter(everything)}>
            Show all
          </button>
        </p>
      )}
      <div class="list-foot" role="status">
        {(virtual.window !== null || !isAll(filter)) && shown.length > 0 && (
          <p>
            {virtual.window === null
              ? `${count(shown.length)} of ${count(entries.length)}`
              : `${count(from)} to ${count(to)} of ${count(shown.length)}`}
          </p>
        )}
        {notes(targets, live).map((note) => (
          <p key={note}>
            <InfoIcon />
            {note}
          </p>
        ))}
      </div>
    </div>
  );
}
