/** A fault of the view itself: said in words, with the answer, instead of an empty output. */

import { Component } from "preact";
import type { ComponentChildren } from "preact";
import type { Store } from "../store.js";
import { sentences, spoken } from "./sentence.js";

/** The answer, unless that is what cannot be told. */
function answer(store: Store): string {
  try {
    return spoken(sentences(store.state, store.live));
  } catch {
    return "";
  }
}

export class Boundary extends Component<
  { store: Store; children?: ComponentChildren },
  { error: unknown }
> {
  override state: { error: unknown } = { error: null };

  override componentDidCatch(error: unknown): void {
    this.setState({ error });
    console.error(error);
  }

  override render(): ComponentChildren {
    const { error } = this.state;
    if (error === null) return this.props.children;
    const what = error instanceof Error ? error.message : "an error without a name";
    return (
      <section class="forcing narrow" aria-label="Forcing set" role="alert">
        <p>{answer(this.props.store)}</p>
        <p class="quiet">{`The rest could not be drawn: ${what}`}</p>
      </section>
    );
  }
}
