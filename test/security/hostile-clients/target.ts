/** Where an attack goes, and what it may know: a page of a sign-in that anybody can open. */
export interface Target {
  port: number;
  /** Path of the page, where its form is sent too. */
  page: string;
  cookie: string;
  csrf: string;
  /** Connections of those attacks that hold many. */
  crowd: number;
}

/** What a hostile client met. */
export interface Met {
  /** Answers by status. */
  answers: Record<string, number>;
  /** Connections that the server ended. */
  ended: number;
  /** Connections that were open until the attack was over. */
  held: number;
  /** Of the connection that lived longest, in milliseconds. */
  longest: number;
}
