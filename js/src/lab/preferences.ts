/** The settings of the extension (schema/plugin.json). */

import type { ISettingRegistry } from "@jupyterlab/settingregistry";

const SETTINGS = "forcing-lab:plugin";

export interface Preferences {
  /** What a new `%%mfs` cell asks for. */
  baselines: string[];
  /** Null leaves the largest set to the engine. */
  maxRemovals: number | null;
  /** CSS colours of the two roles; empty leaves them as they are. */
  favouredColour: string;
  rivalColour: string;
  autorun: boolean;
}

/** As in the schema, for hosts that keep no settings. */
export const DEFAULTS: Preferences = {
  baselines: ["influence", "representer"],
  maxRemovals: null,
  favouredColour: "",
  rivalColour: "",
  autorun: false,
};

/** What fits of a settings file that anyone may have written; the rest as in the schema. */
export function parsePreferences(composite: unknown): Preferences {
  const found = (typeof composite === "object" && composite !== null ? composite : {}) as Record<
    string,
    unknown
  >;
  const { baselines, maxRemovals, favouredColour, rivalColour, autorun } = found;
  const names = Array.isArray(baselines) ? (baselines as unknown[]) : null;
  return {
    baselines: names?.every((name) => typeof name === "string") ? names : DEFAULTS.baselines,
    maxRemovals:
      Number.isSafeInteger(maxRemovals) && Number(maxRemovals) > 0 ? Number(maxRemovals) : null,
    favouredColour: typeof favouredColour === "string" ? favouredColour.trim() : "",
    rivalColour: typeof rivalColour === "string" ? rivalColour.trim() : "",
    autorun: autorun === true,
  };
}

/** Read anew at each use, so that a change of the settings is never missed. */
export async function loadPreferences(registry: ISettingRegistry | null): Promise<Preferences> {
  try {
    const settings = await registry?.load(SETTINGS);
    return parsePreferences(settings?.composite);
  } catch {
    // A host that does not know our schema.
    return DEFAULTS;
  }
}

/** Calls back now and at each change; there is no end to it, as there is none to the page. */
export async function followPreferences(
  registry: ISettingRegistry | null,
  callback: (preferences: Preferences) => void,
): Promise<void> {
  callback(await loadPreferences(registry));
  try {
    const settings = await registry?.load(SETTINGS);
    settings?.changed.connect(({ composite }) => callback(parsePreferences(composite)));
  } catch {
    // As above.
  }
}
