// What the registration pages need to be drawn. Nothing here is HTML; every value is escaped by the view.
export type RegistrationPages = Record<never, never>;
