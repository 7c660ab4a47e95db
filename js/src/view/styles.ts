/** The style sheet of one view, in the order in which it applies. */

import alternatives from "./style/alternatives.css";
import base from "./style/base.css";
import compare from "./style/compare.css";
import curve from "./style/curve.css";
import exports from "./style/exports.css";
import features from "./style/features.css";
import galleries from "./style/galleries.css";
import head from "./style/head.css";
import playback from "./style/playback.css";
import help from "./style/help.css";
import plane from "./style/plane.css";
import retrainings from "./style/retrainings.css";
import rows from "./style/rows.css";
import targets from "./style/targets.css";
import tools from "./style/tools.css";
import tokens from "./style/tokens.css";

export default [
  tokens,
  base,
  head,
  curve,
  plane,
  retrainings,
  features,
  rows,
  tools,
  playback,
  galleries,
  alternatives,
  exports,
  help,
  targets,
  compare,
].join("\n");
