/** The list in the side panel: one stop of the tab key, arrows move inside it. */

import type { TranslationBundle } from "@jupyterlab/translation";
import type { JSX } from "preact";
import { useRef } from "preact/hooks";

import { Brief } from "../view/brief/index.js";
import { standing } from "../view/brief/line.js";
import { briefly } from "../view/brief/sentence.js";
import { BesideIcon, CancelIcon, OpenIcon, PauseIcon, ResumeIcon } from "../view/icons.js";
import { useRoving } from "../view/rows/roving.js";
import { spoken } from "../view/sentence.js";
import { phaseOf } from "../view/summary.js";
import { type Group, isFinished, type Item } from "./listing.js";

export interface ListProps {
  groups: Group<Item>[];
  /** Key of the one whose cell is active. */
  current: string | null;
  /** How many were cleared. */
  cleared: number;
  trans: TranslationBundle;
  onGo: (item: Item) => void;
  onOpen: (item: Item) => void;
  /** Null where the application shows one document only. */
  onBeside: ((item: Item) => void) | null;
  onClear: () => void;
  onRestore: () => void;
}

type EntryProps = ListProps & { item: Item; index: number; stop: boolean };

function Action(props: {
  /** In words alone where it is not what one comes for. */
  look?: "boxed" | "plain";
  stop: boolean;
  icon: JSX.Element;
  label: string;
  onClick: () => void;
}): JSX.Element {
  const { look = "boxed", stop, icon, label, onClick } = props;
  return (
    <button type="button" class={look} tabIndex={stop ? 0 : -1} onClick={onClick}>
      {icon}
      {label}
    </button>
  );
}

function Controls(props: EntryProps): JSX.Element | null {
  const { item, stop, trans } = props;
  const phase = phaseOf(item.state, item.live);
  const { store } = item;
  if (store === null || (phase !== "running" && phase !== "paused")) return null;
  const paused = phase === "paused";
  return (
    <span class="controls">
      <Action
        stop={stop}
        icon={paused ? <ResumeIcon /> : <PauseIcon />}
        label={paused ? trans.__("Resume") : trans.__("Pause")}
        onClick={() => store.send({ type: paused ? "resume" : "pause" })}
      />
      <Action
        stop={stop}
        icon={<CancelIcon />}
        label={trans.__("Cancel")}
        onClick={() => store.send({ type: "cancel" })}
      />
    </span>
  );
}

/** Shown for the current one and for the one that the keyboard is at. */
function Views(props: EntryProps): JSX.Element | null {
  const { item, stop, trans, onOpen, onBeside } = props;
  if (item.state.start === null) return null;
  return (
    <span class="controls views">
      <Action
        look="plain"
        stop={stop}
        icon={<OpenIcon />}
        label={trans.__("Open here")}
        onClick={() => onOpen(item)}
      />
      {onBeside && (
        <Action
          look="plain"
          stop={stop}
          icon={<BesideIcon />}
          label={trans.__("Open beside")}
          onClick={() => onBeside(item)}
        />
      )}
    </span>
  );
}

function Entry(props: EntryProps): JSX.Element {
  const { item, index, stop, current, trans, onGo } = props;
  const { state, live } = item;
  const name = state.start?.target.name ?? "";
  const said = [spoken([briefly(state, live)]), standing(state, live).words, name]
    .filter((part) => part !== "")
    .join(", ");
  return (
    <li class={item.key === current ? "entry current" : "entry"}>
      <button
        type="button"
        class="go"
        data-index={index}
        tabIndex={stop ? 0 : -1}
        aria-current={item.key === current}
        aria-label={trans.__("Go to the cell: %1", said)}
        // The focus would close another entry, and this one move from under the pointer.
        onMouseDown={(event) => event.preventDefault()}
        onClick={() => onGo(item)}
      >
        <Brief state={state} live={live} pictures={item.store?.pictures ?? null} />
      </button>
      <div class="actions">
        <Controls {...props} />
        <Views {...props} />
      </div>
    </li>
  );
}

function Empty(props: ListProps): JSX.Element {
  const { trans } = props;
  return (
    <div class="empty">
      <p>{trans.__("No explanations yet.")}</p>
      <p>
        {trans.__(
          "Put %1 on a cell that fits a model, or call study.view(x). Each explanation of the open notebooks is then listed here, while it runs and after.",
          // "%%" in the text itself would become "%".
          "%%mfs",
        )}
      </p>
    </div>
  );
}

export function List(props: ListProps): JSX.Element {
  const { groups, cleared, trans, onClear, onRestore } = props;
  const ref = useRef<HTMLDivElement>(null);
  const items = groups.flatMap((group) => group.items);
  const nothing = (): void => undefined;
  const roving = useRoving(ref, items.length, 1, nothing, nothing);
  const finished = items.some(isFinished);
  let index = -1;
  return (
    <div class="forcing panel">
      <header>
        <h2>
          <strong>{trans.__("Explanations")}</strong> <span class="quiet">{items.length}</span>
        </h2>
        {finished && (
          <button type="button" class="plain" onClick={onClear}>
            {trans.__("Clear finished")}
          </button>
        )}
        {!finished && cleared > 0 && (
          <button type="button" class="plain" onClick={onRestore}>
            {trans.__("Show cleared")}
          </button>
        )}
      </header>
      {items.length === 0 && cleared === 0 && <Empty {...props} />}
      <div ref={ref} onKeyDown={roving.onKeyDown} onFocusIn={roving.onFocusIn}>
        {groups.map((group) => (
          <section key={group.id} aria-label={group.title}>
            {groups.length > 1 && <h3 class="clip">{group.title}</h3>}
            <ul aria-label={trans.__("Explanations in %1", group.title)}>
              {group.items.map((item) => {
                index += 1;
                const stop = index === roving.current;
                return <Entry key={item.key} {...props} item={item} index={index} stop={stop} />;
              })}
            </ul>
          </section>
        ))}
      </div>
      {items.length > 0 && (
        <p class="hint">{trans.__("Click one to go to its cell. Running ones stay on top.")}</p>
      )}
    </div>
  );
}
