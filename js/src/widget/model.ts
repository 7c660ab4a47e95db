/** What the widget needs of its host: the part of the anywidget contract that is used. */

type Callback = (...args: never[]) => void;

export interface AnyModel {
  get(name: string): unknown;
  set(name: string, value: unknown): void;
  send(content: unknown): void;
  on(name: string, callback: Callback): void;
  off(name: string, callback: Callback): void;
  widget_manager?: {
    get_model?(id: string): Promise<ControlModel>;
    has_model?(id: string): boolean;
  };
}

/** The bare ipywidgets model behind the control comm. */
export interface ControlModel {
  send(content: unknown): void;
  on(name: string, callback: Callback): void;
  off(name: string, callback: Callback): void;
  get?(name: string): unknown;
  comm_live?: boolean;
}

const REFERENCE = "IPY_MODEL_";

/** The model that a trait refers to, or null where the host has none to give. */
export async function modelAt(model: AnyModel, trait: string): Promise<ControlModel | null> {
  const reference = model.get(trait);
  const manager = model.widget_manager;
  if (typeof reference !== "string" || !manager?.get_model) return null;
  const id = reference.startsWith(REFERENCE) ? reference.slice(REFERENCE.length) : reference;
  try {
    return await manager.get_model(id);
  } catch {
    return null;
  }
}

/** A model is not told its own id, but no other has the same control. */
export async function isModel(model: AnyModel, id: string): Promise<boolean> {
  const manager = model.widget_manager;
  if (!manager?.get_model || !manager.has_model?.(id)) return false;
  const control = model.get("control");
  try {
    const found = await manager.get_model(id);
    return typeof control === "string" && found.get?.("control") === control;
  } catch {
    return false;
  }
}
