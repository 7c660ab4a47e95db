/** The keys of the view, listed on request: "?" anywhere in it, or the button in the footer. */

import type { JSX } from "preact";
import { useCallback, useId, useLayoutEffect, useRef, useState } from "preact/hooks";
import { CancelIcon } from "./icons.js";
import { HELP_KEY, KEY_GROUPS } from "./keys.js";

/** Where a character is text and no command. */
const TYPED = "input, textarea, select, [contenteditable]";

function asks(event: KeyboardEvent): boolean {
  const held = event.ctrlKey || event.altKey || event.metaKey;
  const typed = event.target instanceof Element && event.target.closest(TYPED) !== null;
  return event.key === HELP_KEY && !held && !typed;
}

function Keys(props: { keys: readonly string[] }): JSX.Element {
  return (
    <dt>
      {props.keys.map((key, i) => (
        <span key={key}>
          {i > 0 && <span class="aloud"> or </span>}
          <kbd>{key}</kbd>
        </span>
      ))}
    </dt>
  );
}

function Panel(props: { id: string; close: () => void }): JSX.Element {
  const { id, close } = props;
  const panel = useRef<HTMLDivElement>(null);
  useLayoutEffect(() => {
    const own = panel.current;
    const root = own?.getRootNode();
    const before = root instanceof ShadowRoot ? root.activeElement : null;
    own?.focus();
    return () => {
      // Back to where the reader was, unless she has gone elsewhere meanwhile.
      const now = root instanceof ShadowRoot ? root.activeElement : null;
      const left = now === null || own?.contains(now) === true;
      if (left && before instanceof HTMLElement) before.focus();
    };
  }, []);
  return (
    <div
      ref={panel}
      id={id}
      class="help"
      role="dialog"
      aria-labelledby={`${id}-title`}
      tabIndex={-1}
      onKeyDown={(event) => {
        if (event.key !== "Escape") return;
        event.stopPropagation();
        close();
      }}
    >
      <div class="help-head">
        <h3 id={`${id}-title`}>Keys</h3>
        <button type="button" class="plain" onClick={close}>
          <CancelIcon />
          Close
        </button>
      </div>
      <div class="help-groups">
        {KEY_GROUPS.map((group) => (
          <section key={group.where}>
            <h4>{group.where}</h4>
            <dl>
              {group.shortcuts.map((shortcut) => (
                <div key={shortcut.does}>
                  <Keys keys={shortcut.keys} />
                  <dd>{shortcut.does}</dd>
                </div>
              ))}
            </dl>
          </section>
        ))}
      </div>
    </div>
  );
}

/** The button, and above the line in which it stands the list that it opens. */
export function Help(): JSX.Element {
  const [open, setOpen] = useState(false);
  const button = useRef<HTMLButtonElement>(null);
  const id = useId();
  const close = useCallback(() => setOpen(false), []);
  useLayoutEffect(() => {
    const view = button.current?.closest<HTMLElement>(".forcing");
    if (!view) return;
    const end = new AbortController();
    const onKey = (event: KeyboardEvent): void => {
      if (!asks(event)) return;
      event.preventDefault();
      event.stopPropagation();
      setOpen((was) => !was);
    };
    view.addEventListener("keydown", onKey, { signal: end.signal });
    return () => end.abort();
  }, []);
  return (
    <>
      {open && <Panel id={id} close={close} />}
      <button
        ref={button}
        type="button"
        class="plain help-button"
        aria-expanded={open}
        aria-controls={open ? id : undefined}
        aria-keyshortcuts={HELP_KEY}
        onClick={() => setOpen(!open)}
      >
        <kbd aria-hidden="true">{HELP_KEY}</kbd>
        Keys
      </button>
    </>
  );
}
