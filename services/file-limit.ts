/** A file that somebody uploads, in bytes at most: refused at the door by what it says of itself, else where it is kept. */
export const MOST_FILE_BYTES = 25_000_000;
