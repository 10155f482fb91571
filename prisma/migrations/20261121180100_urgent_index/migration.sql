-- It reads all messages once, and sends wait meanwhile: on a large database build it beforehand, CONCURRENTLY, under this name.
CREATE INDEX IF NOT EXISTS messages_urgent_idx ON messages (sender_id, sent_at) WHERE priority = 'URGENT';
