/** The row that is explained: a line for a table, a block beside the curve else. */

import type { JSX } from "preact";
import { capital, className, middle } from "../format.js";
import { useView } from "./context.js";
import { Picture } from "./picture.js";
import { roleOf } from "./shapes.js";
import { Words } from "./words.js";

function useTarget(): { name: string; label: string | null; right: boolean; role: string } {
  const { start } = useView();
  const { target, claim } = start;
  return {
    name: target.name ?? "",
    label: target.label === null ? null : middle(className(target.label), 40),
    right: target.label === claim.favoured,
    role: target.label === null ? "other" : roleOf(target.label, claim),
  };
}

/** "Test row 1760, labelled good credit, so the decision is wrong". */
export function TargetLine(): JSX.Element | null {
  const { name, label, right } = useTarget();
  const verdict =
    label === null ? "" : `labelled ${label}, so the decision is ${right ? "right" : "wrong"}`;
  const line = [capital(middle(name, 60)), verdict].filter((part) => part !== "").join(", ");
  return line === "" ? null : <p class="target-line">{capital(line)}</p>;
}

function Caption(): JSX.Element {
  const { start } = useView();
  const { name, label, right, role } = useTarget();
  return (
    <p class="caption">
      <b>Target</b> {middle(name, 40)}
      {label !== null && (
        <span class="verdict">
          labelled <b class={`class ${role}`}>{label}</b>
          {right ? ", as decided" : `, so ${middle(className(start.claim.favoured), 24)} is wrong`}
        </span>
      )}
    </p>
  );
}

export function TargetBlock(): JSX.Element | null {
  const { start } = useView();
  const { item } = start.target;
  if (item.kind === "image") {
    return (
      <figure class="target image">
        <Picture id={item.image} alt={`target ${start.target.name ?? ""}`} />
        <Caption />
      </figure>
    );
  }
  if (item.kind === "text") {
    return (
      <figure class="target text">
        <Caption />
        <blockquote tabIndex={0}>
          <Words text={item.text} marks={item.marks} />
        </blockquote>
      </figure>
    );
  }
  return null;
}
