import type { KeyStore, WrappedConversationKey, WrappedKey } from '../crypto/vault.js'
import type { Database } from './database.js'

/** Wrapped keys in conversation_keys and service_keys. */
export function keyStore(db: Database): KeyStore {
  return {
    conversationKeys: (conversationIds) =>
      db.query<WrappedConversationKey>(
        'conversation-keys',
        `SELECT conversation_id AS "conversationId", version, wrapped_key AS "wrappedKey", kek_id AS "kekId"
           FROM conversation_keys WHERE conversation_id = ANY ($1::uuid[])`,
        [conversationIds],
      ),
    serviceKeys: () =>
      db.query<WrappedKey>(
        'service-keys',
        'SELECT version, wrapped_key AS "wrappedKey", kek_id AS "kekId" FROM service_keys ORDER BY version',
        [],
      ),
    addServiceKey: async (key) => {
      await db.query(
        'add-service-key',
        'INSERT INTO service_keys (version, wrapped_key, kek_id) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING',
        [key.version, key.wrappedKey, key.kekId],
      )
    },
  }
}
