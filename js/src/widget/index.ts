/** The anywidget: one store for a model, however many views of it there are. */

import { enterRun, showRun } from "../registry.js";
import type { Run } from "../registry.js";
import { Store } from "../store.js";
import { attach } from "../view/index.js";
import { isModel } from "./model.js";
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
  let run: Run | null = null;
  return {
    initialize({ model }) {
      const end = new AbortController();
      const store = new Store({ state: null, live: widgetTransport(model, end.signal) });
      followSelection(model, store, end.signal);
      run = {
        store,
        roots: new Set(),
        attach: (root) => attach(root, store),
        isModel: (id) => isModel(model, id),
      };
      const leave = enterRun(run);
      return () => {
        leave();
        store.dispose();
        end.abort();
      };
    },
    render({ el }) {
      if (run === null) throw new Error("the host drew a view before it initialised the model");
      // A view that joins late must not wait for the next event.
      run.store.send({ type: "sync" });
      return showRun(run, el);
    },
  };
}
