// A name that may break where its words end (`send_ticket_email`), so that a narrow column does not cut it anywhere.

/** Long words without an end are broken by the style that holds it (`overflow-wrap: anywhere`). */
export function Breakable({ name }: { name: string }) {
  return (
    <>{name.split(/(?<=[_.:/-])/).flatMap((part, index) => (index === 0 ? [part] : [<wbr key={index} />, part]))}</>
  );
}
