/** An explanation at a glance: sentence, sparkline, state, and the target's picture. */

import type { JSX } from "preact";
import { useEffect, useReducer } from "preact/hooks";
import { middle } from "../../format.js";
import { savedPicture } from "../../pictures.js";
import type { State } from "../../protocol.js";
import type { RunStore } from "../../registry.js";
import { Words } from "../headline.js";
import { Sparkline } from "./spark.js";
import { StateLine } from "./line.js";
import { briefly } from "./sentence.js";

/** The target's picture as it is known, asked for where it is not. */
function useTargetPicture(state: State, pictures: RunStore["pictures"] | null): string | null {
  const item = state.start?.target.item;
  const id = item?.kind === "image" ? item.image : null;
  const [, redraw] = useReducer((n: number) => n + 1, 0);
  const url = id === null ? null : (savedPicture(state.images, id) ?? pictures?.url(id) ?? null);
  useEffect(() => {
    if (id === null || url !== null || pictures === null) return;
    const off = pictures.subscribe(() => {
      if (pictures.url(id) !== null) redraw(undefined);
    });
    pictures.want(id);
    return off;
  }, [id, url, pictures]);
  return url;
}

/** Phrasing content only: it may stand inside a button. */
export function Brief(props: {
  state: State;
  live: boolean;
  pictures: RunStore["pictures"] | null;
}): JSX.Element {
  const { state, live, pictures } = props;
  const url = useTargetPicture(state, pictures);
  const name = state.start?.target.name ?? "";
  return (
    <span class="brief">
      <span class="glance">
        <span class="sentence">
          {briefly(state, live).map((piece, i) => (
            <Words piece={piece} size={11} key={i} />
          ))}
        </span>
        {url !== null && <img class="thumb" src={url} alt="" draggable={false} />}
      </span>
      <Sparkline state={state} live={live} />
      <span class="foot">
        <StateLine state={state} live={live} />
        <span class="target-name clip" title={name}>
          {middle(name, 60)}
        </span>
      </span>
    </span>
  );
}
