/** A module that forgot to export its handler by default. */
export function handler(): void {}
