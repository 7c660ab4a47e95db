/** The store of a renderer that is given the same run again. */

import { expect, it } from "vitest";
import { Store } from "../src/store.js";
import { attach } from "../src/view/index.js";
import { finished } from "./fixtures.js";

it("keeps what is drawn when its state is told anew", async () => {
  const store = new Store({ state: finished(3), live: null });
  const root = document.createElement("div");
  document.body.append(root);
  const end = attach(root, store);
  const heading = root.shadowRoot?.querySelector("h2");
  store.setState(finished(5));
  await new Promise((done) => setTimeout(done, 20));
  expect(root.shadowRoot?.querySelector("h2")).toBe(heading);
  expect(heading?.textContent).toContain("5");
  end();
  root.remove();
});
