/** A Redis ACL user and its password in clear; never part of a message, a plan or a report. */
export interface Login {
  username: string;
  /** Absent: the user has no password (`nopass`), allowed on a loopback endpoint only. */
  password?: string;
}

/** The three users that exist on every server of a deployment, each with the least rights for its work. */
export interface Credentials {
  /** What clients use. */
  application: Login;
  /** What a replica uses to follow its primary: PSYNC, REPLCONF and PING only. */
  replication: Login;
  /** What this project uses: inspection, pause, promotion, fencing. */
  operator: Login;
}
