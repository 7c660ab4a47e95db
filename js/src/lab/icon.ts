/** A decision that goes from one side to the other: a dot, its path, a hollow diamond. */

import { LabIcon } from "@jupyterlab/ui-components";

export const forcingIcon = new LabIcon({
  name: "forcing:icon",
  svgstr: `<svg xmlns="http://www.w3.org/2000/svg" width="16" height="16" viewBox="0 0 16 16">
  <g class="jp-icon3 jp-icon-selectable" fill="#616161">
    <circle cx="3.4" cy="4" r="2.4"/>
    <path d="M3.1 4.5 3.7 3.5 11.2 9.1 10.5 10Z"/>
    <path fill-rule="evenodd" d="M11.6 7 15.2 10.6 11.6 14.2 8 10.6ZM11.6 8.9 9.9 10.6 11.6 12.3 13.3 10.6Z"/>
  </g>
</svg>`,
});
