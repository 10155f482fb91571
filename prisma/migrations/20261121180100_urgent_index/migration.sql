-- Alone in its file, and so outside a transaction: sends go on while it is built.
CREATE INDEX CONCURRENTLY IF NOT EXISTS messages_urgent_idx ON messages (sender_id, sent_at) WHERE priority = 'URGENT';
