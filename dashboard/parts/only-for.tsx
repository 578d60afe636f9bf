// What somebody sees instead of a page they may not use: for whom it is, and who they are.
import type { ComponentChildren } from "preact";
import { may, me, type Role } from "../core/me.ts";
import { Empty } from "./card.tsx";

export interface OnlyForProps {
  readonly needs: Role;
  /** What is here for them: "Keys of the cache". */
  readonly what: string;
  readonly children: ComponentChildren;
}

export function OnlyFor({ needs, what, children }: OnlyForProps) {
  if (may(needs)) return <>{children}</>;
  return (
    <Empty title={`${what}: for ${needs === "admin" ? "admins" : `${needs}s and above`}`}>
      You are signed in as {me.value?.role ?? "nobody"}. Ask whoever runs the system for a token that may do more.
    </Empty>
  );
}
