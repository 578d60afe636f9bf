// The store that the settings name.
import { openFolderStore } from "./folder-store.ts";
import { openGcsStore } from "./gcs-store.ts";
import type { ObjectStore } from "./object-store.ts";

export interface StoreOptions {
  /** A bucket of Google Cloud Storage; without it the folder. */
  readonly bucket?: string;
  readonly folder: string;
  /** Where the bucket's API is, if not at Google: an emulator. */
  readonly apiEndpoint?: string;
}

export function openObjectStore({ bucket, folder, apiEndpoint }: StoreOptions): ObjectStore {
  if (bucket === undefined) return openFolderStore(folder);
  return openGcsStore(bucket, apiEndpoint === undefined ? {} : { apiEndpoint });
}
