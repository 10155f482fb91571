/** A reason not to start that the operator can mend: `message` is one line and says what to do. */
export class StartupError extends Error {
  override name = 'StartupError'
}
