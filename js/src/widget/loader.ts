/**
 * What every widget is sent. The widget itself, which is a hundred times as long, it takes from a
 * model that all of a kernel share, and imports it once for a page: a browser never lets go of a
 * module, so one for each widget would add up for as long as the page is open.
 */

import { modelAt } from "./model.js";
import type { AnyModel } from "./model.js";
import type widget from "./index.js";

type Factory = typeof widget;
type Props = Parameters<ReturnType<Factory>["initialize"]>[0];
type View = Parameters<ReturnType<Factory>["render"]>[0];

interface Bundle {
  digest: string;
  text: string;
}

/** How long a kernel may take to answer a host that has no models to look up. */
const PATIENCE_MS = 30_000;

/** By symbol, so that every loader of a page finds what one has imported. */
const page = globalThis as unknown as Record<symbol, Promise<Factory> | undefined>;

export default function loader(): {
  initialize: (props: Props) => Promise<() => void>;
  render: (props: View) => () => void;
} {
  let inner: ReturnType<Factory> | null = null;
  return {
    async initialize(props) {
      inner = (await imported(await bundleOf(props.model)))();
      return inner.initialize(props);
    },
    render(props) {
      if (inner === null) throw new Error("the host drew a view before it initialised the model");
      return inner.render(props);
    },
  };
}

/** The widget's module; two versions of the package may be on one page. */
async function imported({ digest, text }: Bundle): Promise<Factory> {
  const key = Symbol.for(`forcing.widget.${digest}`);
  page[key] ??= load(text).catch((error: unknown) => {
    page[key] = undefined;
    throw error;
  });
  return page[key];
}

async function load(text: string): Promise<Factory> {
  const address = URL.createObjectURL(new Blob([text], { type: "text/javascript" }));
  try {
    const module = (await import(/* @vite-ignore */ address)) as { default: Factory };
    return module.default;
  } finally {
    URL.revokeObjectURL(address);
  }
}

async function bundleOf(model: AnyModel): Promise<Bundle> {
  const shared = await modelAt(model, "bundle");
  const text = shared?.get?.("text");
  const digest = shared?.get?.("digest");
  if (typeof text === "string" && typeof digest === "string") return { digest, text };
  return asked(model);
}

/** Of hosts that know no other model than the widget's own. */
function asked(model: AnyModel): Promise<Bundle> {
  return new Promise((resolve, reject) => {
    const done = (): void => {
      clearTimeout(timer);
      model.off("msg:custom", heard);
    };
    const heard = (message: { type?: string; digest?: string; text?: string }): void => {
      if (message.type !== "bundle") return;
      done();
      resolve({ digest: message.digest ?? "", text: message.text ?? "" });
    };
    const timer = setTimeout(() => {
      done();
      reject(new Error("forcing: the kernel did not send the view; run the cell again"));
    }, PATIENCE_MS);
    model.on("msg:custom", heard);
    model.send({ type: "bundle" });
  });
}
