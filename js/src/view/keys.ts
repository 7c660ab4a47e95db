/** What the keyboard does, in one table: the help lists it, a test presses it. */

export interface Shortcut {
  /** As on the keys: several that do one thing, or keys held together. */
  keys: readonly string[];
  does: string;
}

export interface KeyGroup {
  where: string;
  shortcuts: readonly Shortcut[];
}

export const HELP_KEY = "?";

export const KEY_GROUPS: readonly KeyGroup[] = [
  {
    where: "On the curve",
    shortcuts: [
      { keys: ["←", "→"], does: "one removal back or on" },
      { keys: ["Page Up", "Page Down"], does: "a tenth of the curve on or back" },
      { keys: ["Home", "End"], does: "to the start, to the last removal" },
      { keys: ["Space"], does: "play the removals, or pause" },
    ],
  },
  {
    where: "In a list, a gallery or the tabs",
    shortcuts: [
      { keys: ["←", "→", "↑", "↓"], does: "to the next one in that direction" },
      { keys: ["Shift ↑", "Shift ↓"], does: "select several rows" },
      { keys: ["Home", "End"], does: "to the first, to the last" },
      { keys: ["Page Up", "Page Down"], does: "five lines up or down" },
      { keys: ["P"], does: "put the row back, or take it out again" },
      { keys: ["→"], does: "of a table row: show all its features" },
    ],
  },
  {
    where: "Anywhere in the view",
    shortcuts: [
      { keys: ["Tab"], does: "to the next part" },
      { keys: ["Ctrl Z"], does: "undo the last row that was put back" },
      { keys: ["/"], does: "search, where there is a list to search" },
      { keys: ["Esc"], does: "close, or let go of what is selected" },
      { keys: [HELP_KEY], does: "this list" },
    ],
  },
];
