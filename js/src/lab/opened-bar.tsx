/** What stands above an explanation that was opened in the side panel. */

import type { TranslationBundle } from "@jupyterlab/translation";
import type { JSX } from "preact";

import { BackIcon, BesideIcon } from "../view/icons.js";

export function OpenedBar(props: {
  trans: TranslationBundle;
  onBack: () => void;
  onGo: (() => void) | null;
  onBeside: (() => void) | null;
}): JSX.Element {
  const { trans, onBack, onGo, onBeside } = props;
  const back = (event: KeyboardEvent): void => {
    if (event.key !== "Escape") return;
    event.stopPropagation();
    onBack();
  };
  return (
    <div class="forcing panel bar">
      <div class="opened" onKeyDown={back}>
        <button type="button" class="plain back" onClick={onBack}>
          <BackIcon />
          {trans.__("All explanations")}
        </button>
        <span class="acts">
          {onGo && (
            <button type="button" class="plain" onClick={onGo}>
              {trans.__("Go to cell")}
            </button>
          )}
          {onBeside && (
            <button
              type="button"
              class="view"
              title={trans.__("Open beside the notebook")}
              aria-label={trans.__("Open beside the notebook")}
              onClick={onBeside}
            >
              <BesideIcon />
            </button>
          )}
        </span>
      </div>
    </div>
  );
}
