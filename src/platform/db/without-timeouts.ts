/** libpq `options` of a connection that may take its time: migrations, index builds, operators' commands. */
export const withoutTimeouts =
  '-c statement_timeout=0 -c lock_timeout=0 -c idle_in_transaction_session_timeout=0'
