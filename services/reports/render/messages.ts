// What passes between the thread that draws and the one that reads the rows. All of it survives structured cloning:
// the iterables and functions of a document stay behind.
import type {
  CodesSection,
  DocumentHead,
  Format,
  FormSection,
  ReportDocument,
  Row,
  Section,
  SignaturesSection,
  TableSection,
} from "../document.ts";

export type TableHead = Omit<TableSection, "rows" | "totals">;
/** A section without its rows. */
export type SectionHead =
  | TableHead
  | Omit<CodesSection, "rows">
  | Omit<FormSection, "rows">
  | Omit<SignaturesSection, "rows">;

/** What a thread is started with. */
export interface RenderOrder {
  readonly head: DocumentHead;
  readonly format: Format;
  /** The temporary name. */
  readonly file: string;
  readonly maxBytes: number;
}

/** Each is answered with `taken`, in order. */
export type ToThread =
  | { readonly kind: "section"; readonly head: SectionHead }
  | { readonly kind: "rows"; readonly rows: readonly Row[] }
  | { readonly kind: "section-end"; readonly totals: Row | undefined }
  | { readonly kind: "end" };

export type FromThread =
  | { readonly kind: "taken" }
  /** The file is complete and on its disk. */
  | { readonly kind: "finished"; readonly bytes: number; readonly pages: number | null }
  | { readonly kind: "too-large" }
  | { readonly kind: "failed"; readonly message: string; readonly code: string | undefined };

export function documentHead(document: ReportDocument): DocumentHead {
  const { sections: _, ...head } = document;
  return head;
}

export function sectionHead(section: Section): SectionHead {
  if (section.kind !== "table") {
    const { rows: _, ...head } = section;
    return head;
  }
  const { rows: _, totals: __, ...head } = section;
  return head;
}
