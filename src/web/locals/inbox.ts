// What the inbox pages need to be drawn. Nothing here is HTML; every value is escaped by the view.
export type InboxPages = Record<never, never>;
