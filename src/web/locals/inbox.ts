// What the inbox pages need to be drawn. Nothing here is HTML; every value is escaped by the view.

/** Development only: every mail that was sent, newest first. */
export interface InboxPage {
  mails: InboxEntry[];
  /** The same page again. */
  url: string;
}

export interface InboxEntry {
  url: string;
  subject: string;
  to: string;
  brand: string;
  at: InboxTime;
  digits?: string | undefined;
}

export interface InboxTime {
  /** ISO 8601. */
  iso: string;
  shown: string;
}

export interface InboxMailPage {
  inboxUrl: string;
  /** The mail's HTML, as a document of its own. */
  htmlUrl: string;
  subject: string;
  text: string;
  /** Name (a sentence's key) and value. */
  facts: [key: string, value: string][];
  digits?: string | undefined;
  link?: string | undefined;
}

export interface InboxPages {
  inbox: InboxPage;
  'inbox-mail': InboxMailPage;
}
