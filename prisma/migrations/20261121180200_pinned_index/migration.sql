-- Alone in its file, and so outside a transaction: sends go on while it is built.
CREATE INDEX CONCURRENTLY IF NOT EXISTS messages_pinned_idx ON messages (conversation_id, pinned_at) WHERE pinned_at IS NOT NULL;
