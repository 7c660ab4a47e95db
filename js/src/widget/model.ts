/** What the widget needs of its host: the part of the anywidget contract that is used. */

type Callback = (...args: never[]) => void;

export interface AnyModel {
  get(name: string): unknown;
  set(name: string, value: unknown): void;
  send(content: unknown): void;
  on(name: string, callback: Callback): void;
  off(name: string, callback: Callback): void;
  widget_manager?: { get_model?(id: string): Promise<ControlModel> };
}

/** The bare ipywidgets model behind the control comm. */
export interface ControlModel {
  send(content: unknown): void;
  on(name: string, callback: Callback): void;
  off(name: string, callback: Callback): void;
  comm_live?: boolean;
}

const REFERENCE = "IPY_MODEL_";

/** The control model, or null where the host has none to give. */
export async function controlOf(model: AnyModel): Promise<ControlModel | null> {
  const reference = model.get("control");
  const manager = model.widget_manager;
  if (typeof reference !== "string" || !manager?.get_model) return null;
  const id = reference.startsWith(REFERENCE) ? reference.slice(REFERENCE.length) : reference;
  try {
    return await manager.get_model(id);
  } catch {
    return null;
  }
}
