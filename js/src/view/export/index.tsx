/** The explanation to take away: rows, table, picture, page. */

import type { JSX } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { useView } from "../context.js";
import { CopyIcon, SaveIcon } from "../icons.js";
import styles from "../styles.js";
import { copy, fileName, save } from "./file.js";
import { picture } from "./picture.js";
import { csv, rowsText } from "./text.js";

/** How long a button says what became of it. */
const SAID_MS = 2500;

/** Returns what went wrong, in words; nothing where all went well. */
type Deed = (stage: HTMLElement) => Promise<string | null>;

interface Way {
  id: string;
  words: string;
  done: string;
  title: string;
  icon: JSX.Element;
  deed: Deed;
}

function stageOf(element: Element): HTMLElement | null {
  return element.closest<HTMLElement>(".stage");
}

function useWays(): Way[] {
  const { state, start, store, width } = useView();
  const name = (ending: string): string => fileName(start.target.name, ending);
  const kept = (stage: HTMLElement, ending: string, data: BlobPart, type: string): null => {
    save(stage.ownerDocument, name(ending), new Blob([data], { type }));
    return null;
  };
  const ways: Way[] = [
    {
      id: "rows",
      words: width === "wide" ? "Copy rows" : "Copy",
      done: "Copied",
      title: "Copies the positions of the training rows as a list",
      icon: <CopyIcon />,
      deed: async (stage) =>
        (await copy(stage.ownerDocument, rowsText(state))) ? null : "No clipboard",
    },
  ];
  if (state.end === null) return ways;
  ways.push(
    {
      id: "csv",
      words: "CSV",
      done: "Saved",
      title: "Saves the rows as a table",
      icon: <SaveIcon />,
      deed: (stage) =>
        Promise.resolve(kept(stage, "csv", csv(state, start), "text/csv;charset=utf-8")),
    },
    {
      id: "png",
      words: "PNG",
      done: "Saved",
      title: "Saves a picture of this view",
      icon: <SaveIcon />,
      deed: async (stage) => kept(stage, "png", await picture(stage, styles), "image/png"),
    },
  );
  if (store.hasPage) {
    ways.push({
      id: "html",
      words: "HTML",
      done: "Saved",
      title: "Saves one file with this view, to open in any browser",
      icon: <SaveIcon />,
      deed: async (stage) => {
        const page = await store.page();
        return page === null ? "No kernel" : kept(stage, "html", page, "text/html;charset=utf-8");
      },
    });
  }
  return ways;
}

function WayButton(props: { way: Way; onDone?: () => void }): JSX.Element {
  const { way } = props;
  const [said, setSaid] = useState<string | null>(null);
  const here = useRef(true);
  useEffect(() => {
    here.current = true;
    return () => {
      here.current = false;
    };
  }, []);
  useEffect(() => {
    if (said === null) return;
    const timer = setTimeout(() => {
      setSaid(null);
      props.onDone?.();
    }, SAID_MS);
    return () => clearTimeout(timer);
    // eslint-disable-next-line react-hooks/exhaustive-deps -- the words alone start the clock
  }, [said]);
  return (
    <button
      type="button"
      class="plain"
      title={way.title}
      onClick={(event) => {
        const stage = stageOf(event.currentTarget);
        if (stage === null) return;
        const say = (words: string): void => {
          if (here.current) setSaid(words);
        };
        way.deed(stage).then(
          (trouble) => say(trouble ?? way.done),
          () => say(`No ${way.words} here`),
        );
      }}
    >
      {way.icon}
      <span aria-live="polite">{said ?? way.words}</span>
    </button>
  );
}

/** Below the wide layout the ways to save stand behind one button. */
function SaveAs(props: { ways: Way[] }): JSX.Element {
  const [open, setOpen] = useState(false);
  const box = useRef<HTMLSpanElement>(null);
  const button = useRef<HTMLButtonElement>(null);
  return (
    <span
      ref={box}
      class="save-as"
      onKeyDown={(event) => {
        if (event.key !== "Escape" || !open) return;
        event.stopPropagation();
        setOpen(false);
        button.current?.focus();
      }}
      onFocusOut={(event) => {
        const to = event.relatedTarget;
        if (!(to instanceof Node && box.current?.contains(to))) setOpen(false);
      }}
    >
      {open && (
        <span class="choices">
          {props.ways.map((way) => (
            <WayButton key={way.id} way={way} onDone={() => setOpen(false)} />
          ))}
        </span>
      )}
      <button
        ref={button}
        type="button"
        class="plain"
        aria-expanded={open}
        onClick={() => setOpen(!open)}
      >
        <SaveIcon />
        Save as
      </button>
    </span>
  );
}

export function Exports(): JSX.Element | null {
  const { state, width } = useView();
  const ways = useWays();
  if (state.steps.length === 0) return null;
  const [rows, ...files] = ways;
  return (
    <span class="exports">
      {rows && <WayButton way={rows} />}
      {width === "wide" ? (
        files.map((way) => <WayButton key={way.id} way={way} />)
      ) : files.length > 0 ? (
        <SaveAs ways={files} />
      ) : null}
    </span>
  );
}
