/** What a new `%%mfs` cell asks for (schema/plugin.json). */

import type { ISettingRegistry } from "@jupyterlab/settingregistry";

const SETTINGS = "forcing-lab:plugin";

export interface Preferences {
  baselines: string[];
  /** Null leaves the largest set to the engine. */
  maxRemovals: number | null;
}

/** As in the schema, for hosts that keep no settings. */
const DEFAULTS: Preferences = { baselines: ["influence", "representer"], maxRemovals: null };

/** Read anew at each use, so that a change of the settings is never missed. */
export async function loadPreferences(registry: ISettingRegistry | null): Promise<Preferences> {
  if (!registry) return DEFAULTS;
  const settings = await registry.load(SETTINGS);
  // The registry has checked both against the schema.
  return settings.composite as unknown as Preferences;
}
