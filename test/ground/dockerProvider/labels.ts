interface Label {
  label: string;
  value: string;
}

/** Docker's map of labels. */
export function labelMap(labels: Label[] | undefined): Record<string, string> {
  return Object.fromEntries((labels ?? []).map(({ label, value }) => [label, value]));
}

/** The provider's list of labels; the daemon gives null where there are none. */
export function labelList(labels: unknown): Label[] {
  return Object.entries((labels ?? {}) as Record<string, string>).map(([label, value]) => ({ label, value }));
}
