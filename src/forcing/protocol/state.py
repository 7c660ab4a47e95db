"""What the events of a run add up to; `js/src/state.ts` does the same on the screen."""

from __future__ import annotations

from forcing.protocol.context import Json
from forcing.protocol.messages import SCHEMA


def empty_state() -> Json:
    return {
        "schema": SCHEMA,
        "start": None,
        "stability": None,
        "band": [],
        "steps": [],
        "searched": 0,
        "refined": False,
        "verified": None,
        "bound": None,
        "rankings": [],
        "progress": None,
        "end": None,
        "paused": False,
        "plane": None,
        "alternatives": None,
        "targets": None,
        "rows": {},
        "images": {},
    }


def shown_rows(state: Json) -> list[str]:
    """Keys of the rows that a card shows: the supports, the galleries place by place, other sets.

    Rows that the search removed and that refinement put back are not among them.
    """
    entries = [
        entry
        for ranking in state["rankings"]
        for sign in ("positive", "negative")
        for entry in enumerate(ranking[sign])
    ]
    galleries = [str(entry["row"]) for _, entry in sorted(entries, key=lambda pair: pair[0])]
    supports = [str(step["row"]) for step in state["steps"]]
    # Saved files from before other sets were kept have no such key.
    sets = (state.get("alternatives") or {"sets": []})["sets"]
    others = [str(row) for other in sets for row in other["rows"]]
    return list(dict.fromkeys(supports + galleries + others))


class StateBuilder:
    """Adds events up; `state` is the live object, `snapshot` what to keep."""

    def __init__(self) -> None:
        self.state = empty_state()

    def apply(self, event: Json) -> None:
        """Unknown events change nothing, so that later versions may add some."""
        state = self.state
        if "rows" in event and event["type"] in ("step", "refined", "ranking", "alternatives"):
            state["rows"].update(event["rows"])
        match event["type"]:
            case "start":
                # The list that a target was chosen from outlives its run.
                self.state = empty_state() | {"targets": state["targets"], "start": event}
            case "step":
                state["steps"].extend(event["steps"])
                state["searched"] = len(state["steps"])
            case "refined":
                state["steps"] = list(event["steps"])
                state["searched"] = event["before"]
                state["refined"] = True
            case "band":
                state["band"] = event["points"]
            case "stability" | "verified" | "bound" | "progress" as kind:
                state[kind] = event
            case "ranking":
                new = event["ranking"]
                others = [old for old in state["rankings"] if old["method"] != new["method"]]
                state["rankings"] = [*others, new]
            case "paused":
                state["paused"] = event["paused"] and state["end"] is None
            case "plane" if event["request"] is None:
                state["plane"] = event["plane"]
            case "alternatives":
                state["alternatives"] = {key: event[key] for key in ("sets", "searching", "note")}
            case "targets":
                state["targets"] = {key: event[key] for key in ("entries", "total", "chosen")}
            case "chosen" if state["targets"] is not None:
                state["targets"] = state["targets"] | {"chosen": event["target"]}
            case "explained" if state["targets"] is not None:
                state["targets"] = _explained(state["targets"], event)
            case "end":
                state.update(end=event, progress=None, paused=False)

    def snapshot(self) -> Json:
        """A copy that later events leave alone."""
        copies = {key: self.state[key].copy() for key in ("steps", "rankings", "rows", "images")}
        return self.state | copies


def _explained(targets: Json, event: Json) -> Json:
    """The list of targets with what became of one."""
    told = {"status": event["status"], "size": event["size"]}
    entries = [
        entry | told if entry["target"] == event["target"] else entry
        for entry in targets["entries"]
    ]
    return targets | {"entries": entries}
