/** Why a backup could not be taken or is not to be trusted, as a sentence for the operator; holds no password. */
export class BackupError extends Error {
  override name = "BackupError";
}
