// A button that shows that it is at work, and says what went wrong. A busy one keeps the focus and takes no second press.
import type { ComponentChildren } from "preact";
import { useState } from "preact/hooks";
import { may, type Role } from "../core/me.ts";
import { Icon, type IconName } from "./icon.tsx";
import { sayError } from "./toast.tsx";

export interface ButtonProps {
  /** While what it answers goes on, the button is busy; what it throws is shown. */
  readonly onClick?: () => unknown;
  readonly icon?: IconName;
  readonly tone?: "plain" | "main" | "danger" | "quiet";
  readonly type?: "button" | "submit";
  readonly small?: boolean;
  readonly disabled?: boolean;
  /** For a button without words, and as its tip. */
  readonly label?: string;
  /** Not shown to whom it would be refused. */
  readonly needs?: Role;
  readonly children?: ComponentChildren;
}

export function Button({ onClick, icon, tone = "plain", type = "button", needs, ...props }: ButtonProps) {
  const [isBusy, setBusy] = useState(false);
  if (needs !== undefined && !may(needs)) return null;
  const click = async () => {
    if (isBusy) return;
    setBusy(true);
    try {
      await onClick?.();
    } catch (error) {
      sayError(error);
    } finally {
      setBusy(false);
    }
  };
  return (
    <button
      type={type}
      class={`button ${tone}${props.small ? " small" : ""}`}
      disabled={props.disabled === true}
      aria-busy={isBusy}
      {...(props.label === undefined ? {} : { "aria-label": props.label, title: props.label })}
      {...(onClick === undefined ? {} : { onClick: () => void click() })}
    >
      {icon === undefined ? null : <Icon name={icon} size={props.small ? 14 : 16} />}
      {props.children}
    </button>
  );
}
