-- It reads all messages once, and sends wait meanwhile: on a large database build it beforehand, CONCURRENTLY, under this name.
CREATE INDEX IF NOT EXISTS messages_pinned_idx ON messages (conversation_id, pinned_at) WHERE pinned_at IS NOT NULL;
