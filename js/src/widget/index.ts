/** The anywidget: one store for a model, however many views of it there are. */

import { Store } from "../store.js";
import { attach } from "../view/index.js";
import type { AnyModel } from "./model.js";
import { followSelection } from "./selection.js";
import { widgetTransport } from "./transport.js";

interface Initialize {
  model: AnyModel;
}
interface Render {
  el: HTMLElement;
}

/** Called once for a model, so that what its views share lives in this closure. */
export default function widget(): {
  initialize: (props: Initialize) => () => void;
  render: (props: Render) => () => void;
} {
  let store: Store | null = null;
  return {
    initialize({ model }) {
      const end = new AbortController();
      const shared = new Store({ state: null, live: widgetTransport(model, end.signal) });
      store = shared;
      followSelection(model, shared, end.signal);
      return () => {
        shared.dispose();
        end.abort();
      };
    },
    render({ el }) {
      if (store === null) throw new Error("the host drew a view before it initialised the model");
      // A view that joins late must not wait for the next event.
      store.send({ type: "sync" });
      return attach(el, store);
    },
  };
}
