// Making a token. It is shown once, when it is made; the dialog then has nothing but it.
import { useState } from "preact/hooks";
import { send } from "../../../core/api.ts";
import { isOfPlatform, may, ROLES, type Role } from "../../../core/me.ts";
import { Button } from "../../../parts/button.tsx";
import { Choices } from "../../../parts/choices.tsx";
import { Copied } from "../../../parts/copied.tsx";
import { Dialog } from "../../../parts/dialog.tsx";
import { DialogForm } from "../../../parts/dialog-form.tsx";
import { errorOf, Select, TextField } from "../../../parts/fields.tsx";
import { InstantField } from "../../../parts/instant-field.tsx";
import { wordsOf } from "../../../parts/toast.tsx";
import { useClientNames } from "./use-clients.ts";

const DAY_MS = 86_400_000;
const LASTING: readonly (readonly [string, string])[] = [
  ["30", "30 days"],
  ["90", "90 days"],
  ["365", "A year"],
  ["", "Until it is revoked"],
  ["at", "Until a day of mine…"],
];
const ROLE_HINTS: Readonly<Record<Role, string>> = {
  viewer: "Sees everything, changes nothing.",
  operator: "Runs, pauses, revokes and requeues; makes and changes what runs.",
  admin: "All of that, makes and revokes tokens, sets passwords, clears caches.",
};

export function NewToken({ onMade, onClose }: { onMade: () => unknown; onClose: () => void }) {
  const [name, setName] = useState("");
  const [role, setRole] = useState<Role>("viewer");
  const [clientId, setClientId] = useState("");
  const [lasting, setLasting] = useState("90");
  const [day, setDay] = useState("");
  const [made, setMade] = useState<string | undefined>(undefined);
  const [error, setError] = useState<unknown>(undefined);
  const clients = useClientNames();

  const make = async () => {
    setError(undefined);
    const expiresAt =
      lasting === "at" ? day : lasting === "" ? "" : new Date(Date.now() + Number(lasting) * DAY_MS).toISOString();
    try {
      const { token } = await send<{ token: string }>("POST", "/accounts/tokens", {
        ...{ name: name.trim(), role },
        ...(clientId === "" ? {} : { clientId: Number(clientId) }),
        ...(expiresAt === "" ? {} : { expiresAt }),
      });
      setMade(token);
      await onMade();
    } catch (reason) {
      setError(reason);
    }
  };
  if (made !== undefined) {
    return (
      <Dialog title={`${name.trim()} is made`} onClose={onClose}>
        <p class="notice">
          Take it now: it is shown once and kept nowhere. Whoever has it may do what its role allows.
        </p>
        <Copied text={made} label="the token" />
        <p class="hint">
          Sent as <code>Authorization: Bearer …</code>, or entered on the page where one signs in.
        </p>
        <footer>
          <Button tone="main" onClick={onClose}>
            I have it
          </Button>
        </footer>
      </Dialog>
    );
  }
  return (
    <Dialog title="New token" onClose={onClose}>
      <DialogForm onSubmit={make}>
        <TextField
          label="Name"
          required
          value={name}
          placeholder="Grafana"
          onInput={setName}
          error={errorOf(error, "name")}
          hint="Who or what will use it: the audit names it so"
        />
        <Choices
          label="Role"
          of={ROLES.filter((known) => may(known)).map((value) => ({ value, label: value, hint: ROLE_HINTS[value] }))}
          value={role}
          onChange={setRole}
        />
        {isOfPlatform() ? (
          <Select
            label="Of"
            value={clientId}
            onChange={setClientId}
            options={[
              ["", "The whole system"],
              ...[...clients].map(
                ([id, client]) => [String(id), `${client} only: its facility, nothing of the platform`] as const,
              ),
            ]}
          />
        ) : null}
        <Select label="Valid for" value={lasting} onChange={setLasting} options={LASTING} />
        {lasting === "at" ? (
          <InstantField label="Valid until" required value={day} onInput={setDay} error={errorOf(error, "expiresAt")} />
        ) : null}
        {error === undefined ? null : (
          <p class="failed" role="alert">
            {wordsOf(error)}
          </p>
        )}
        <footer>
          <Button onClick={onClose}>Cancel</Button>
          <Button type="submit" tone="main" needs="admin">
            Make it
          </Button>
        </footer>
      </DialogForm>
    </Dialog>
  );
}
