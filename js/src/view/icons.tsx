/** Line icons on a 16 px grid; always beside words, so hidden from readers. */

import type { ComponentChildren, JSX } from "preact";

function Icon(props: { class?: string; children: ComponentChildren }): JSX.Element {
  return (
    <svg
      class={`icon ${props.class ?? ""}`}
      width="16"
      height="16"
      viewBox="0 0 16 16"
      aria-hidden="true"
    >
      {props.children}
    </svg>
  );
}

export const CheckedIcon = (): JSX.Element => (
  <Icon class="checked">
    <circle cx="8" cy="8" r="6.75" />
    <path d="M5.2 8.2 7.2 10.2 11 6.2" />
  </Icon>
);

export const PendingIcon = (): JSX.Element => (
  <Icon class="pending">
    <circle cx="8" cy="8" r="6.75" stroke-dasharray="2.4 2.3" />
  </Icon>
);

export const SpinnerIcon = (): JSX.Element => (
  <Icon class="spinner">
    <circle class="track" cx="8" cy="8" r="6" />
    <path d="M8 2A6 6 0 0 1 14 8" />
  </Icon>
);

export const ShieldIcon = (): JSX.Element => (
  <Icon class="ink">
    <path d="M8 1.8 13 3.4V8C13 11 10.8 13.2 8 14.3 5.2 13.2 3 11 3 8V3.4Z" />
  </Icon>
);

export const UnstableIcon = (): JSX.Element => (
  <Icon class="ink">
    <path d="M1.5 9.5C3 4 5 4 6.5 8 8 12 10 12 11.5 8 12.3 6 13.3 5 14.5 5.5" />
  </Icon>
);

export const StopIcon = (): JSX.Element => (
  <Icon class="ink">
    <rect x="2.5" y="2.5" width="11" height="11" rx="1.5" />
    <rect class="solid" x="5.75" y="5.75" width="4.5" height="4.5" />
  </Icon>
);

export const WarningIcon = (): JSX.Element => (
  <Icon class="ink">
    <path d="M8 2.2 14.3 13.3H1.7ZM8 6.5V9.6M8 11.2V11.6" />
  </Icon>
);

export const InfoIcon = (): JSX.Element => (
  <Icon>
    <circle cx="8" cy="8" r="6.75" />
    <path d="M8 7.4V11.2M8 4.8V5.2" />
  </Icon>
);

export const UndoIcon = (): JSX.Element => (
  <Icon>
    <path d="M6 3 3 6 6 9M3.2 6H9.5A3.25 3.25 0 0 1 9.5 12.5H6.5" />
  </Icon>
);

export const TakeOutIcon = (): JSX.Element => (
  <Icon>
    <path d="M3.5 8H12.5" />
  </Icon>
);

export const PauseIcon = (): JSX.Element => (
  <Icon class="ink">
    <path d="M5.75 4V12M10.25 4V12" stroke-width="2" />
  </Icon>
);

export const ResumeIcon = (): JSX.Element => (
  <Icon class="ink">
    <path class="solid" d="M5 3.5 12.5 8 5 12.5Z" />
  </Icon>
);

export const OpenIcon = (): JSX.Element => (
  <Icon>
    <path d="M9.5 2.5H13.5V6.5M13.5 2.5 8.5 7.5M6.5 2.5H2.5V13.5H13.5V9.5" />
  </Icon>
);

export const BesideIcon = (): JSX.Element => (
  <Icon>
    <rect x="2" y="3" width="12" height="10" rx="1" />
    <path d="M8.5 3V13" />
  </Icon>
);

export const BackIcon = (): JSX.Element => (
  <Icon>
    <path d="M9.5 3.5 5 8 9.5 12.5" />
  </Icon>
);

export const CancelIcon = (): JSX.Element => (
  <Icon class="ink">
    <path d="M4 4 12 12M12 4 4 12" stroke-width="1.75" />
  </Icon>
);

export const CopyIcon = (): JSX.Element => (
  <Icon>
    <rect x="5.5" y="5.5" width="8" height="8" rx="1" />
    <path d="M10.5 5.5V3.5A1 1 0 0 0 9.5 2.5H3.5A1 1 0 0 0 2.5 3.5V9.5A1 1 0 0 0 3.5 10.5H5.5" />
  </Icon>
);

export const SaveIcon = (): JSX.Element => (
  <Icon>
    <path d="M8 2.5V10M5 7 8 10 11 7M3 13.5H13" />
  </Icon>
);

export const TickIcon = (): JSX.Element => (
  <Icon class="ink tick">
    <path d="M3.8 8.4 6.6 11.2 12.2 5.2" stroke-width="2" />
  </Icon>
);

export const CrossIcon = (): JSX.Element => (
  <Icon class="ink small">
    <path d="M4 4 12 12M12 4 4 12" stroke-width="2.4" />
  </Icon>
);

export const SearchIcon = (): JSX.Element => (
  <Icon>
    <path d="M10.6 10.6 13.5 13.5M12 7A5 5 0 1 1 2 7 5 5 0 0 1 12 7Z" />
  </Icon>
);

export const ChevronIcon = (): JSX.Element => (
  <Icon class="ink">
    <path d="M6 3.5 10.5 8 6 12.5" />
  </Icon>
);
