// What the recovery pages need to be drawn. Nothing here is HTML; every value is escaped by the view.
export type RecoveryPages = Record<never, never>;
