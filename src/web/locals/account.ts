// What the account pages need to be drawn. Nothing here is HTML; every value is escaped by the view.
export type AccountPages = Record<never, never>;
