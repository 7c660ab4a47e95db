/** Every feature of the picked rows beside the target. */

import type { JSX } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { className, count, middle, value } from "../../format.js";
import { useCursor, useView } from "../context.js";
import { Shape } from "../shapes.js";
import { Strip, standing } from "./feature.js";
import { rowName } from "./lines.js";
import type { Line } from "./lines.js";

/** More columns would not fit beside each other. */
const BESIDE = { wide: 4, medium: 2, narrow: 1 };

export function Detail(props: { lines: readonly Line[]; onClose: () => void }): JSX.Element | null {
  const { start, selected, width } = useView();
  const step = useCursor();
  const box = useRef<HTMLDivElement>(null);
  useEffect(() => box.current?.scrollIntoView({ block: "nearest" }), []);
  const { display, target } = start;
  if (display.kind !== "table" || target.item.kind !== "table") return null;
  const aims = target.item.values;
  const known = props.lines.filter((line) => line.item?.kind === "table");
  const picked = selected
    .slice(-BESIDE[width])
    .flatMap((row) => known.find((line) => line.row === row) ?? []);
  const cursor = known.find((line) => line.step !== null && line.step === step);
  const rows = picked.length > 0 ? picked : (cursor ?? known[0]) ? [cursor ?? known[0]] : [];
  const shown = rows.filter((line) => line !== undefined);
  const first = shown[0];
  if (first?.item?.kind !== "table") {
    return <p class="nothing">The values of this row are not kept in the saved form.</p>;
  }
  // Those that differ most first, then the others as they come.
  const { differs } = first.item;
  const rest = display.columns.map((_, i) => i).filter((i) => !differs.includes(i));
  const order = [...differs.filter((i) => i < display.columns.length), ...rest];
  const marked = new Set(differs.slice(0, 3));
  return (
    <div
      ref={box}
      class="detail"
      tabIndex={0}
      role="region"
      aria-label={`All features of ${shown.map((line) => rowName(line)).join(", ")} beside the target`}
      onKeyDown={(event) => {
        if (event.key !== "Escape") return;
        event.stopPropagation();
        props.onClose();
      }}
    >
      <table>
        <thead>
          <tr>
            <th scope="col">{`${count(display.columns.length)} features, most different first`}</th>
            <th scope="col">target</th>
            {shown.map((line) => (
              <th scope="col" key={line.row}>
                <span class={`label ${line.role}`} title={line.label}>
                  <Shape role={line.role} />
                  <span class="clip">{middle(className(line.label), 16)}</span>
                </span>
                <span class="meta">{rowName(line, 16)}</span>
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {order.map((i) => {
            const column = display.columns[i];
            if (column === undefined) return null;
            const aim = aims[i] ?? null;
            return (
              <tr key={i} class={marked.has(i) ? "differs-most" : ""}>
                <th scope="row" title={column.name}>
                  {middle(column.name, width === "narrow" ? 22 : 44)}
                </th>
                <td>{value(aim, 24)}</td>
                {shown.map((line) => {
                  const own = line.item?.kind === "table" ? (line.item.values[i] ?? null) : null;
                  const at = standing(own, aim, column);
                  return (
                    <td key={line.row} class={own === aim ? "as-target" : ""}>
                      {at !== null && width !== "narrow" && (
                        <Strip column={column} role={line.role} own={at[0]} target={at[1]} />
                      )}
                      {own === aim ? <span>as target</span> : <b>{value(own, 24)}</b>}
                    </td>
                  );
                })}
              </tr>
            );
          })}
        </tbody>
      </table>
      {display.omitted > 0 && (
        <p class="meta">{`${count(display.omitted)} further features are not shown.`}</p>
      )}
    </div>
  );
}
