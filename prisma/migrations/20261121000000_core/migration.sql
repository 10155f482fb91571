-- CreateSchema
CREATE SCHEMA IF NOT EXISTS "public";

-- CreateEnum
CREATE TYPE "user_role" AS ENUM ('PATIENT', 'DOCTOR', 'STAFF', 'CAREGIVER', 'ADMIN', 'AUDITOR', 'SERVICE');

-- CreateEnum
CREATE TYPE "availability" AS ENUM ('AVAILABLE', 'BUSY', 'AWAY', 'INVISIBLE');

-- CreateEnum
CREATE TYPE "notification_level" AS ENUM ('ALL', 'URGENT_ONLY', 'OFF');

-- CreateEnum
CREATE TYPE "push_platform" AS ENUM ('WEB', 'FCM', 'APNS');

-- CreateEnum
CREATE TYPE "appointment_status" AS ENUM ('SCHEDULED', 'COMPLETED', 'CANCELLED');

-- CreateEnum
CREATE TYPE "conversation_kind" AS ENUM ('DIRECT', 'GROUP');

-- CreateEnum
CREATE TYPE "participant_role" AS ENUM ('MEMBER', 'OWNER');

-- CreateEnum
CREATE TYPE "message_kind" AS ENUM ('TEXT', 'ATTACHMENT', 'MIXED', 'SYSTEM');

-- CreateEnum
CREATE TYPE "message_priority" AS ENUM ('ROUTINE', 'URGENT');

-- CreateEnum
CREATE TYPE "system_event_kind" AS ENUM ('PARTICIPANT_JOINED', 'PARTICIPANT_LEFT', 'PARTICIPANT_REMOVED', 'OWNER_CHANGED', 'TITLE_CHANGED', 'CONVERSATION_CLOSED', 'CONVERSATION_REOPENED', 'BREAK_GLASS_STARTED', 'HISTORY_IMPORTED');

-- CreateEnum
CREATE TYPE "hidden_reason" AS ENUM ('DELETED', 'BLOCKED');

-- CreateEnum
CREATE TYPE "receipt_kind" AS ENUM ('DELIVERED', 'READ');

-- CreateEnum
CREATE TYPE "scan_status" AS ENUM ('UPLOADING', 'PENDING', 'CLEAN', 'INFECTED', 'FAILED');

-- CreateEnum
CREATE TYPE "export_format" AS ENUM ('JSON', 'TEXT', 'PDF', 'FHIR');

-- CreateEnum
CREATE TYPE "export_status" AS ENUM ('QUEUED', 'RUNNING', 'READY', 'FAILED');

-- CreateEnum
CREATE TYPE "update_kind" AS ENUM ('MESSAGE_SENT', 'MESSAGE_EDITED', 'MESSAGE_DELETED', 'MESSAGE_HIDDEN', 'REACTION_ADDED', 'REACTION_REMOVED', 'MESSAGE_PINNED', 'MESSAGE_UNPINNED', 'MESSAGE_ACKNOWLEDGED', 'MESSAGES_DELIVERED', 'MESSAGES_READ', 'ATTACHMENT_SCANNED', 'CONVERSATION_OPENED', 'CONVERSATION_CHANGED', 'PARTICIPANT_JOINED', 'PARTICIPANT_CHANGED', 'PARTICIPANT_LEFT', 'ACCESS_REVOKED', 'VIEWER_CHANGED', 'EXPORT_FINISHED');

-- CreateEnum
CREATE TYPE "audit_outcome" AS ENUM ('ALLOWED', 'DENIED');

-- CreateTable
CREATE TABLE "deployment" (
    "id" INTEGER NOT NULL DEFAULT 1,
    "epoch" INTEGER NOT NULL DEFAULT 1,
    "timeline" INTEGER,
    "changed_at" TIMESTAMPTZ(6) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "deployment_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "service_keys" (
    "version" INTEGER NOT NULL,
    "wrapped_key" BYTEA NOT NULL,
    "kek_id" TEXT NOT NULL,
    "created_at" TIMESTAMPTZ(6) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "service_keys_pkey" PRIMARY KEY ("version")
);

-- CreateTable
CREATE TABLE "users" (
    "id" UUID NOT NULL,
    "external_id" TEXT NOT NULL,
    "display_name" TEXT NOT NULL,
    "role" "user_role" NOT NULL,
    "email_sealed" BYTEA,
    "phone_sealed" BYTEA,
    "contact_revision" INTEGER NOT NULL DEFAULT 0,
    "avatar_url" TEXT,
    "specialty" TEXT,
    "qualification" TEXT,
    "designation" TEXT,
    "is_active" BOOLEAN NOT NULL DEFAULT true,
    "send_read_receipts" BOOLEAN NOT NULL DEFAULT true,
    "send_typing" BOOLEAN NOT NULL DEFAULT true,
    "share_presence" BOOLEAN NOT NULL DEFAULT true,
    "availability" "availability" NOT NULL DEFAULT 'AVAILABLE',
    "last_seen_at" TIMESTAMPTZ(6),
    "created_at" TIMESTAMPTZ(6) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "notification_level" "notification_level" NOT NULL DEFAULT 'ALL',
    "notify_by_email" BOOLEAN NOT NULL DEFAULT false,
    "notify_by_sms" BOOLEAN NOT NULL DEFAULT false,
    "quiet_from" TEXT,
    "quiet_to" TEXT,
    "quiet_time_zone" TEXT,

    CONSTRAINT "users_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "user_streams" (
    "user_id" UUID NOT NULL,
    "position" BIGINT NOT NULL DEFAULT 0,
    "at" TIMESTAMPTZ(6) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "unread" INTEGER NOT NULL DEFAULT 0,
    "unread_conversations" INTEGER NOT NULL DEFAULT 0,
    "acknowledged_position" BIGINT NOT NULL DEFAULT 0,
    "acknowledged_at" TIMESTAMPTZ(6) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "notified_position" BIGINT NOT NULL DEFAULT 0,

    CONSTRAINT "user_streams_pkey" PRIMARY KEY ("user_id")
);

-- CreateTable
CREATE TABLE "updates" (
    "user_id" UUID NOT NULL,
    "position" BIGINT NOT NULL,
    "at" TIMESTAMPTZ(6) NOT NULL,
    "kind" "update_kind" NOT NULL,
    "conversation_id" UUID,
    "message_id" UUID,
    "actor_id" UUID,
    "subject_id" UUID,
    "sequence" INTEGER,
    "emoji" TEXT,
    "conversation_unread" INTEGER,
    "viewer_unread" INTEGER NOT NULL,

    CONSTRAINT "updates_pkey" PRIMARY KEY ("user_id","position","at")
) PARTITION BY RANGE ("at");

-- CreateTable
CREATE TABLE "appointments" (
    "id" UUID NOT NULL,
    "external_id" TEXT NOT NULL,
    "patient_id" UUID NOT NULL,
    "doctor_id" UUID NOT NULL,
    "status" "appointment_status" NOT NULL,
    "starts_at" TIMESTAMPTZ(6) NOT NULL,
    "created_at" TIMESTAMPTZ(6) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "appointments_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "blocks" (
    "blocker_id" UUID NOT NULL,
    "blocked_id" UUID NOT NULL,
    "reason_sealed" BYTEA,
    "at" TIMESTAMPTZ(6) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "blocks_pkey" PRIMARY KEY ("blocker_id","blocked_id")
);

-- CreateTable
CREATE TABLE "conversations" (
    "id" UUID NOT NULL,
    "kind" "conversation_kind" NOT NULL,
    "title_sealed" BYTEA,
    "title_revision" INTEGER NOT NULL DEFAULT 0,
    "patient_id" UUID,
    "doctor_id" UUID,
    "created_by_id" UUID NOT NULL,
    "last_sequence" INTEGER NOT NULL DEFAULT 0,
    "last_activity_at" TIMESTAMPTZ(6) NOT NULL,
    "imported_until_sequence" INTEGER,
    "closed_at" TIMESTAMPTZ(6),
    "closed_by_id" UUID,
    "close_reason_sealed" BYTEA,
    "close_revision" INTEGER NOT NULL DEFAULT 0,
    "legal_hold_since" TIMESTAMPTZ(6),
    "legal_hold_by_id" UUID,
    "legal_hold_reason_sealed" BYTEA,
    "legal_hold_revision" INTEGER NOT NULL DEFAULT 0,
    "created_at" TIMESTAMPTZ(6) NOT NULL,

    CONSTRAINT "conversations_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "conversation_keys" (
    "conversation_id" UUID NOT NULL,
    "version" INTEGER NOT NULL DEFAULT 1,
    "wrapped_key" BYTEA NOT NULL,
    "wrapped_search_secret" BYTEA,
    "kek_id" TEXT NOT NULL,
    "created_at" TIMESTAMPTZ(6) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "conversation_keys_pkey" PRIMARY KEY ("conversation_id","version")
);

-- CreateTable
CREATE TABLE "participants" (
    "id" UUID NOT NULL,
    "conversation_id" UUID NOT NULL,
    "user_id" UUID NOT NULL,
    "role" "participant_role" NOT NULL,
    "joined_at" TIMESTAMPTZ(6) NOT NULL,
    "left_at" TIMESTAMPTZ(6),
    "last_delivered_sequence" INTEGER NOT NULL DEFAULT 0,
    "last_read_sequence" INTEGER NOT NULL DEFAULT 0,
    "shown_read_sequence" INTEGER NOT NULL DEFAULT 0,
    "unread" INTEGER NOT NULL DEFAULT 0,
    "is_marked_unread" BOOLEAN NOT NULL DEFAULT false,
    "last_message_sequence" INTEGER,
    "last_activity_at" TIMESTAMPTZ(6) NOT NULL,
    "archived_at" TIMESTAMPTZ(6),
    "muted_until" TIMESTAMPTZ(6),

    CONSTRAINT "participants_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "memberships" (
    "conversation_id" UUID NOT NULL,
    "user_id" UUID NOT NULL,
    "from_sequence" INTEGER NOT NULL,
    "to_sequence" INTEGER,

    CONSTRAINT "memberships_pkey" PRIMARY KEY ("conversation_id","user_id","from_sequence")
);

-- CreateTable
CREATE TABLE "messages" (
    "id" UUID NOT NULL,
    "conversation_id" UUID NOT NULL,
    "sequence" INTEGER NOT NULL,
    "sender_id" UUID,
    "kind" "message_kind" NOT NULL,
    "priority" "message_priority" NOT NULL DEFAULT 'ROUTINE',
    "client_message_id" UUID,
    "body_sealed" BYTEA,
    "revision" INTEGER NOT NULL DEFAULT 0,
    "reply_to_id" UUID,
    "sent_at" TIMESTAMPTZ(6) NOT NULL,
    "edited_at" TIMESTAMPTZ(6),
    "deleted_at" TIMESTAMPTZ(6),
    "deleted_by_id" UUID,
    "pinned_at" TIMESTAMPTZ(6),
    "pinned_by_id" UUID,
    "event_kind" "system_event_kind",
    "event_actor_id" UUID,
    "event_subject_id" UUID,
    "event_text_sealed" BYTEA,
    "is_imported" BOOLEAN NOT NULL DEFAULT false,

    CONSTRAINT "messages_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "message_revisions" (
    "message_id" UUID NOT NULL,
    "revision" INTEGER NOT NULL,
    "body_sealed" BYTEA NOT NULL,
    "written_at" TIMESTAMPTZ(6) NOT NULL,

    CONSTRAINT "message_revisions_pkey" PRIMARY KEY ("message_id","revision")
);

-- CreateTable
CREATE TABLE "hidden" (
    "user_id" UUID NOT NULL,
    "message_id" UUID NOT NULL,
    "conversation_id" UUID NOT NULL,
    "reason" "hidden_reason" NOT NULL,
    "at" TIMESTAMPTZ(6) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "hidden_pkey" PRIMARY KEY ("user_id","message_id")
);

-- CreateTable
CREATE TABLE "reactions" (
    "message_id" UUID NOT NULL,
    "emoji" TEXT NOT NULL,
    "user_id" UUID NOT NULL,
    "conversation_id" UUID NOT NULL,
    "at" TIMESTAMPTZ(6) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "reactions_pkey" PRIMARY KEY ("message_id","emoji","user_id")
);

-- CreateTable
CREATE TABLE "mentions" (
    "message_id" UUID NOT NULL,
    "user_id" UUID NOT NULL,

    CONSTRAINT "mentions_pkey" PRIMARY KEY ("message_id","user_id")
);

-- CreateTable
CREATE TABLE "acknowledgements" (
    "message_id" UUID NOT NULL,
    "user_id" UUID NOT NULL,
    "at" TIMESTAMPTZ(6) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "acknowledgements_pkey" PRIMARY KEY ("message_id","user_id")
);

-- CreateTable
CREATE TABLE "receipts" (
    "conversation_id" UUID NOT NULL,
    "user_id" UUID NOT NULL,
    "kind" "receipt_kind" NOT NULL,
    "up_to_sequence" INTEGER NOT NULL,
    "at" TIMESTAMPTZ(6) NOT NULL,
    "private" BOOLEAN NOT NULL,

    CONSTRAINT "receipts_pkey" PRIMARY KEY ("conversation_id","user_id","kind","up_to_sequence")
);

-- CreateTable
CREATE TABLE "attachments" (
    "id" UUID NOT NULL,
    "conversation_id" UUID NOT NULL,
    "uploader_id" UUID NOT NULL,
    "message_id" UUID,
    "ordinal" INTEGER,
    "file_name_sealed" BYTEA,
    "media_type" TEXT NOT NULL,
    "byte_size" INTEGER NOT NULL,
    "width" INTEGER,
    "height" INTEGER,
    "scan_status" "scan_status" NOT NULL,
    "scanned_at" TIMESTAMPTZ(6),
    "storage_key" TEXT,
    "thumbnail_key" TEXT,
    "uploaded_at" TIMESTAMPTZ(6),
    "created_at" TIMESTAMPTZ(6) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "attachments_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "search_terms" (
    "conversation_id" UUID NOT NULL,
    "term" BIGINT NOT NULL,
    "sequence" INTEGER NOT NULL,
    "message_id" UUID NOT NULL,

    CONSTRAINT "search_terms_pkey" PRIMARY KEY ("conversation_id","term","sequence")
);

-- CreateTable
CREATE TABLE "push_targets" (
    "id" UUID NOT NULL,
    "user_id" UUID NOT NULL,
    "platform" "push_platform" NOT NULL,
    "token_sealed" BYTEA NOT NULL,
    "token_hash" BYTEA NOT NULL,
    "device_name" TEXT,
    "created_at" TIMESTAMPTZ(6) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "push_targets_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "notifications" (
    "id" UUID NOT NULL,
    "user_id" UUID NOT NULL,
    "conversation_id" UUID,
    "message_id" UUID,
    "kind" TEXT NOT NULL,
    "attempt" INTEGER NOT NULL DEFAULT 1,
    "due_at" TIMESTAMPTZ(6) NOT NULL,
    "sent_at" TIMESTAMPTZ(6),

    CONSTRAINT "notifications_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "break_glass" (
    "id" UUID NOT NULL,
    "conversation_id" UUID NOT NULL,
    "user_id" UUID NOT NULL,
    "reason_sealed" BYTEA NOT NULL,
    "started_at" TIMESTAMPTZ(6) NOT NULL,
    "expires_at" TIMESTAMPTZ(6) NOT NULL,

    CONSTRAINT "break_glass_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "exports" (
    "id" UUID NOT NULL,
    "conversation_id" UUID NOT NULL,
    "user_id" UUID NOT NULL,
    "format" "export_format" NOT NULL,
    "status" "export_status" NOT NULL,
    "progress" DOUBLE PRECISION NOT NULL DEFAULT 0,
    "since" TIMESTAMPTZ(6),
    "until" TIMESTAMPTZ(6),
    "storage_key" TEXT,
    "byte_size" INTEGER,
    "sha256" TEXT,
    "expires_at" TIMESTAMPTZ(6),
    "created_at" TIMESTAMPTZ(6) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "exports_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "audit_events" (
    "id" BIGSERIAL NOT NULL,
    "at" TIMESTAMPTZ(6) NOT NULL DEFAULT clock_timestamp(),
    "actor_id" UUID,
    "actor_role" "user_role",
    "action" TEXT NOT NULL,
    "outcome" "audit_outcome" NOT NULL,
    "subject_type" TEXT NOT NULL,
    "subject_id" UUID,
    "conversation_id" UUID,
    "message_ids" UUID[],
    "from_sequence" INTEGER,
    "to_sequence" INTEGER,
    "reason_sealed" BYTEA,
    "request_id" TEXT,
    "ip_address" TEXT,
    "content_hash" BYTEA,
    "xid" xid8 NOT NULL DEFAULT pg_current_xact_id(),

    CONSTRAINT "audit_events_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "audit_seals" (
    "id" BIGSERIAL NOT NULL,
    "at" TIMESTAMPTZ(6) NOT NULL DEFAULT clock_timestamp(),
    "previous_hash" BYTEA NOT NULL,
    "hash" BYTEA NOT NULL,
    "count" INTEGER NOT NULL,

    CONSTRAINT "audit_seals_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "audit_seal_events" (
    "seal_id" BIGINT NOT NULL,
    "ordinal" INTEGER NOT NULL,
    "event_id" BIGINT NOT NULL,

    CONSTRAINT "audit_seal_events_pkey" PRIMARY KEY ("seal_id","ordinal")
);

-- CreateIndex
CREATE UNIQUE INDEX "users_external_id_key" ON "users"("external_id");

-- CreateIndex
CREATE INDEX "users_display_name_id_idx" ON "users"("display_name", "id");

-- CreateIndex
CREATE UNIQUE INDEX "appointments_external_id_key" ON "appointments"("external_id");

-- CreateIndex
CREATE INDEX "appointments_patient_id_doctor_id_idx" ON "appointments"("patient_id", "doctor_id");

-- CreateIndex
CREATE INDEX "appointments_doctor_id_idx" ON "appointments"("doctor_id");

-- CreateIndex
CREATE INDEX "blocks_blocked_id_idx" ON "blocks"("blocked_id");

-- CreateIndex
CREATE INDEX "conversations_doctor_id_idx" ON "conversations"("doctor_id");

-- CreateIndex
CREATE UNIQUE INDEX "conversations_patient_id_doctor_id_key" ON "conversations"("patient_id", "doctor_id");

-- CreateIndex
CREATE INDEX "participants_user_id_last_activity_at_conversation_id_idx" ON "participants"("user_id", "last_activity_at", "conversation_id");

-- CreateIndex
CREATE UNIQUE INDEX "participants_conversation_id_user_id_key" ON "participants"("conversation_id", "user_id");

-- CreateIndex
CREATE INDEX "memberships_user_id_conversation_id_idx" ON "memberships"("user_id", "conversation_id");

-- CreateIndex
CREATE UNIQUE INDEX "messages_conversation_id_sequence_key" ON "messages"("conversation_id", "sequence");

-- CreateIndex
CREATE UNIQUE INDEX "messages_conversation_id_sender_id_client_message_id_key" ON "messages"("conversation_id", "sender_id", "client_message_id");

-- CreateIndex
CREATE INDEX "hidden_message_id_idx" ON "hidden"("message_id");

-- CreateIndex
CREATE INDEX "attachments_message_id_idx" ON "attachments"("message_id");

-- CreateIndex
CREATE INDEX "attachments_conversation_id_id_idx" ON "attachments"("conversation_id", "id");

-- CreateIndex
CREATE INDEX "search_terms_message_id_idx" ON "search_terms"("message_id");

-- CreateIndex
CREATE UNIQUE INDEX "push_targets_token_hash_key" ON "push_targets"("token_hash");

-- CreateIndex
CREATE INDEX "push_targets_user_id_idx" ON "push_targets"("user_id");

-- CreateIndex
CREATE INDEX "notifications_user_id_idx" ON "notifications"("user_id");

-- CreateIndex
CREATE UNIQUE INDEX "notifications_user_id_message_id_kind_attempt_key" ON "notifications"("user_id", "message_id", "kind", "attempt");

-- CreateIndex
CREATE INDEX "break_glass_user_id_conversation_id_expires_at_idx" ON "break_glass"("user_id", "conversation_id", "expires_at");

-- CreateIndex
CREATE INDEX "exports_user_id_idx" ON "exports"("user_id");

-- CreateIndex
CREATE INDEX "audit_events_conversation_id_id_idx" ON "audit_events"("conversation_id", "id");

-- CreateIndex
CREATE INDEX "audit_events_actor_id_id_idx" ON "audit_events"("actor_id", "id");

-- CreateIndex
CREATE INDEX "audit_events_at_idx" ON "audit_events" USING BRIN ("at");

-- CreateIndex
CREATE UNIQUE INDEX "audit_seal_events_event_id_key" ON "audit_seal_events"("event_id");

-- AddForeignKey
ALTER TABLE "user_streams" ADD CONSTRAINT "user_streams_user_id_fkey" FOREIGN KEY ("user_id") REFERENCES "users"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "appointments" ADD CONSTRAINT "appointments_patient_id_fkey" FOREIGN KEY ("patient_id") REFERENCES "users"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "appointments" ADD CONSTRAINT "appointments_doctor_id_fkey" FOREIGN KEY ("doctor_id") REFERENCES "users"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "blocks" ADD CONSTRAINT "blocks_blocker_id_fkey" FOREIGN KEY ("blocker_id") REFERENCES "users"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "blocks" ADD CONSTRAINT "blocks_blocked_id_fkey" FOREIGN KEY ("blocked_id") REFERENCES "users"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "conversations" ADD CONSTRAINT "conversations_patient_id_fkey" FOREIGN KEY ("patient_id") REFERENCES "users"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "conversations" ADD CONSTRAINT "conversations_doctor_id_fkey" FOREIGN KEY ("doctor_id") REFERENCES "users"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "conversation_keys" ADD CONSTRAINT "conversation_keys_conversation_id_fkey" FOREIGN KEY ("conversation_id") REFERENCES "conversations"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "participants" ADD CONSTRAINT "participants_conversation_id_fkey" FOREIGN KEY ("conversation_id") REFERENCES "conversations"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "participants" ADD CONSTRAINT "participants_user_id_fkey" FOREIGN KEY ("user_id") REFERENCES "users"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "memberships" ADD CONSTRAINT "memberships_conversation_id_fkey" FOREIGN KEY ("conversation_id") REFERENCES "conversations"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "memberships" ADD CONSTRAINT "memberships_user_id_fkey" FOREIGN KEY ("user_id") REFERENCES "users"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "messages" ADD CONSTRAINT "messages_conversation_id_fkey" FOREIGN KEY ("conversation_id") REFERENCES "conversations"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "message_revisions" ADD CONSTRAINT "message_revisions_message_id_fkey" FOREIGN KEY ("message_id") REFERENCES "messages"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "hidden" ADD CONSTRAINT "hidden_user_id_fkey" FOREIGN KEY ("user_id") REFERENCES "users"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "hidden" ADD CONSTRAINT "hidden_message_id_fkey" FOREIGN KEY ("message_id") REFERENCES "messages"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "reactions" ADD CONSTRAINT "reactions_message_id_fkey" FOREIGN KEY ("message_id") REFERENCES "messages"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "mentions" ADD CONSTRAINT "mentions_message_id_fkey" FOREIGN KEY ("message_id") REFERENCES "messages"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "acknowledgements" ADD CONSTRAINT "acknowledgements_message_id_fkey" FOREIGN KEY ("message_id") REFERENCES "messages"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "push_targets" ADD CONSTRAINT "push_targets_user_id_fkey" FOREIGN KEY ("user_id") REFERENCES "users"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- ─── what Prisma can't say ───

INSERT INTO deployment (id) VALUES (1);
ALTER TABLE deployment ADD CONSTRAINT deployment_one_row CHECK (id = 1);

-- Rows that every message touches: room for HOT updates.
ALTER TABLE user_streams SET (fillfactor = 50);
ALTER TABLE participants SET (fillfactor = 80);
ALTER TABLE conversations SET (fillfactor = 80);

-- Makes the weekly partitions of updates from this week on. ATTACH takes a lock that lets reads and
-- writes go on; CREATE … PARTITION OF would not.
CREATE FUNCTION ensure_update_partitions(p_weeks_ahead int) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
  v_start timestamptz;
  v_name text;
BEGIN
  PERFORM pg_advisory_xact_lock(hashtext('parley:partitions'));
  FOR i IN 0 .. p_weeks_ahead LOOP
    v_start := (date_trunc('week', clock_timestamp() AT TIME ZONE 'UTC') + make_interval(weeks => i)) AT TIME ZONE 'UTC';
    v_name := 'updates_' || to_char(v_start AT TIME ZONE 'UTC', 'IYYY"w"IW');
    IF to_regclass(v_name) IS NULL THEN
      EXECUTE format('CREATE TABLE %I (LIKE updates INCLUDING ALL)', v_name);
      EXECUTE format('ALTER TABLE updates ATTACH PARTITION %I FOR VALUES FROM (%L) TO (%L)',
        v_name, v_start, v_start + interval '7 days');
    END IF;
  END LOOP;
END $$;

SELECT ensure_update_partitions(4);

CREATE FUNCTION refuse_change() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION '% is append-only', TG_TABLE_NAME USING ERRCODE = 'insufficient_privilege';
END $$;

CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_events
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_seals
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_seal_events
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

-- ─── functions ───
-- All of them run at READ COMMITTED and are VOLATILE where they write: each statement inside takes a fresh snapshot, so
-- that checks see what the locks waited for. Those that are called from outside pin their plans, for themselves and what
-- they call: a plan made while the tables were empty would cost five times as much later.

-- The lock classes, in their order: conversations, participants, user_streams. For the rare verbs.
CREATE FUNCTION lock_for_write(p_conversation_ids uuid[], p_user_ids uuid[]) RETURNS void
LANGUAGE plpgsql SET enable_seqscan = off SET plan_cache_mode = force_generic_plan AS $$
DECLARE
  v_user_ids uuid[];
BEGIN
  PERFORM 1 FROM conversations c WHERE c.id = ANY (p_conversation_ids) ORDER BY c.id FOR UPDATE;
  PERFORM 1 FROM participants p WHERE p.conversation_id = ANY (p_conversation_ids) ORDER BY p.id FOR UPDATE;
  SELECT p_user_ids || array_agg(p.user_id) INTO v_user_ids
    FROM participants p WHERE p.conversation_id = ANY (p_conversation_ids);
  PERFORM 1 FROM user_streams s WHERE s.user_id = ANY (v_user_ids) ORDER BY s.user_id FOR UPDATE;
END $$;

-- Writes one update to each of these people's streams. The caller holds their user_streams rows.
CREATE FUNCTION append_updates(
  p_user_ids uuid[], p_kind update_kind, p_conversation_id uuid, p_message_id uuid,
  p_actor_id uuid, p_subject_id uuid, p_sequence int
) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
  WITH moved AS (
    UPDATE user_streams s
       SET "position" = s."position" + 1, at = greatest(clock_timestamp(), s.at)
     WHERE s.user_id = ANY (p_user_ids)
    RETURNING s.user_id, s."position", s.at, s.unread
  )
  INSERT INTO updates (user_id, "position", at, kind, conversation_id, message_id, actor_id, subject_id,
                       sequence, conversation_unread, viewer_unread)
  SELECT m.user_id, m."position", m.at, p_kind, p_conversation_id, p_message_id, p_actor_id, p_subject_id,
         p_sequence, p.unread, m.unread
    FROM moved m
    LEFT JOIN participants p ON p.conversation_id = p_conversation_id AND p.user_id = m.user_id;
END $$;

CREATE FUNCTION record_audit(
  p_actor_id uuid, p_action text, p_outcome audit_outcome, p_subject_type text, p_subject_id uuid,
  p_conversation_id uuid, p_message_ids uuid[], p_content_hash bytea, p_reason_sealed bytea,
  p_request_id text, p_ip_address text
) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO audit_events (actor_id, actor_role, action, outcome, subject_type, subject_id, conversation_id,
                            message_ids, content_hash, reason_sealed, request_id, ip_address)
  VALUES (p_actor_id, (SELECT u.role FROM users u WHERE u.id = p_actor_id), p_action, p_outcome, p_subject_type,
          p_subject_id, p_conversation_id, coalesce(p_message_ids, '{}'), p_content_hash, p_reason_sealed,
          p_request_id, p_ip_address);
END $$;

-- The sequence of a message of this conversation if this person may see it, else null.
CREATE FUNCTION visible_sequence(p_user_id uuid, p_conversation_id uuid, p_message_id uuid) RETURNS int
LANGUAGE plpgsql STABLE AS $$
BEGIN
  RETURN (
    SELECT m.sequence FROM messages m
     WHERE m.id = p_message_id AND m.conversation_id = p_conversation_id
       AND EXISTS (
         SELECT 1 FROM memberships s JOIN users u ON u.id = s.user_id
          WHERE s.conversation_id = m.conversation_id AND s.user_id = p_user_id
            AND u.role NOT IN ('ADMIN', 'AUDITOR', 'SERVICE')
            AND m.sequence >= s.from_sequence AND (s.to_sequence IS NULL OR m.sequence <= s.to_sequence))
       AND NOT EXISTS (SELECT 1 FROM hidden h WHERE h.user_id = p_user_id AND h.message_id = m.id));
END $$;

-- Everybody who may see a message: the people whom its edits and deletions reach, former members included.
CREATE FUNCTION message_audience(p_message_id uuid) RETURNS uuid[]
LANGUAGE plpgsql STABLE AS $$
BEGIN
  RETURN (
    SELECT coalesce(array_agg(s.user_id), '{}') FROM messages m
      JOIN memberships s ON s.conversation_id = m.conversation_id
       AND m.sequence >= s.from_sequence AND (s.to_sequence IS NULL OR m.sequence <= s.to_sequence)
     WHERE m.id = p_message_id
       AND NOT EXISTS (SELECT 1 FROM hidden h WHERE h.user_id = s.user_id AND h.message_id = m.id));
END $$;

-- Unread counted from scratch: others' messages after the read position that the person may see.
CREATE FUNCTION count_unread(p_user_id uuid, p_conversation_id uuid, p_after_sequence int) RETURNS int
LANGUAGE plpgsql STABLE AS $$
BEGIN
  RETURN (
    SELECT count(*)::int FROM memberships s
      JOIN messages m ON m.conversation_id = s.conversation_id
       AND m.sequence >= s.from_sequence AND (s.to_sequence IS NULL OR m.sequence <= s.to_sequence)
     WHERE s.conversation_id = p_conversation_id AND s.user_id = p_user_id
       AND m.sequence > p_after_sequence
       AND m.sender_id <> p_user_id AND m.kind <> 'SYSTEM' AND m.deleted_at IS NULL
       AND NOT EXISTS (SELECT 1 FROM hidden h WHERE h.user_id = p_user_id AND h.message_id = m.id));
END $$;

-- Why this person can't send here now, in the order of the contract's enum; empty when they can. The one home of the
-- rule: the send asks it after its locks, viewerCannotSendReasons asks it when read. A plain SQL function without
-- settings of its own, so that it is planned as part of the statement that asks.
CREATE FUNCTION send_rules(p_conversation_id uuid, p_user_id uuid, p_open boolean) RETURNS TABLE (reasons text[])
LANGUAGE sql STABLE AS $$
  SELECT array_remove(ARRAY[
           CASE WHEN c.kind = 'DIRECT' AND NOT (
             patient.role = 'PATIENT' AND doctor.role = 'DOCTOR' AND (p_open OR EXISTS (
               SELECT 1 FROM appointments a
                WHERE a.patient_id = c.patient_id AND a.doctor_id = c.doctor_id AND a.status <> 'CANCELLED')))
             THEN 'NO_CARE_RELATIONSHIP' END,
           CASE WHEN c.kind = 'DIRECT' AND EXISTS (
             SELECT 1 FROM blocks b WHERE b.blocker_id = p_user_id
                AND b.blocked_id = CASE WHEN c.patient_id = p_user_id THEN c.doctor_id ELSE c.patient_id END)
             THEN 'BLOCKED' END,
           CASE WHEN c.kind = 'DIRECT' AND (
             NOT CASE WHEN c.patient_id = p_user_id THEN doctor.is_active ELSE patient.is_active END
             OR EXISTS (
               SELECT 1 FROM blocks b WHERE b.blocked_id = p_user_id
                  AND b.blocker_id = CASE WHEN c.patient_id = p_user_id THEN c.doctor_id ELSE c.patient_id END))
             THEN 'USER_INACTIVE' END,
           CASE WHEN c.closed_at IS NOT NULL THEN 'CONVERSATION_CLOSED' END,
           CASE WHEN NOT EXISTS (
             SELECT 1 FROM participants p
              WHERE p.conversation_id = c.id AND p.user_id = p_user_id AND p.left_at IS NULL)
             THEN 'NOT_A_PARTICIPANT' END
         ], NULL)
    FROM conversations c
    LEFT JOIN users patient ON patient.id = c.patient_id
    LEFT JOIN users doctor ON doctor.id = c.doctor_id
   WHERE c.id = p_conversation_id
$$;

-- Moves a person's read position forward, with receipt, counters and stream rows. False when nothing moved.
-- The caller holds the participant row and the streams of the person and, in DIRECT, of the other.
CREATE FUNCTION advance_read(p_user_id uuid, p_conversation_id uuid, p_message_id uuid, p_sequence int)
RETURNS boolean
LANGUAGE plpgsql AS $$
DECLARE
  v record;
  v_unread int;
BEGIN
  SELECT p.last_read_sequence, p.last_delivered_sequence, p.unread, p.is_marked_unread, p.archived_at,
         u.send_read_receipts, c.kind,
         CASE WHEN c.patient_id = p_user_id THEN c.doctor_id ELSE c.patient_id END AS other_id
    INTO v
    FROM participants p
    JOIN users u ON u.id = p.user_id
    JOIN conversations c ON c.id = p.conversation_id
   WHERE p.conversation_id = p_conversation_id AND p.user_id = p_user_id;
  IF p_sequence <= v.last_read_sequence THEN RETURN false; END IF;

  v_unread := CASE WHEN v.unread = 0 THEN 0 ELSE count_unread(p_user_id, p_conversation_id, p_sequence) END;
  UPDATE participants p
     SET last_read_sequence = p_sequence,
         last_delivered_sequence = greatest(p.last_delivered_sequence, p_sequence),
         shown_read_sequence = CASE WHEN v.send_read_receipts THEN p_sequence ELSE p.shown_read_sequence END,
         unread = v_unread
   WHERE p.conversation_id = p_conversation_id AND p.user_id = p_user_id;
  IF v.archived_at IS NULL AND v.unread <> v_unread THEN
    UPDATE user_streams s
       SET unread = s.unread - v.unread + v_unread,
           unread_conversations = s.unread_conversations
             - (v.unread > 0 AND v_unread = 0 AND NOT v.is_marked_unread)::int
     WHERE s.user_id = p_user_id;
  END IF;
  INSERT INTO receipts (conversation_id, user_id, kind, up_to_sequence, at, private)
  VALUES (p_conversation_id, p_user_id, 'READ', p_sequence, clock_timestamp(), NOT v.send_read_receipts);

  PERFORM append_updates(ARRAY[p_user_id], 'MESSAGES_READ', p_conversation_id, p_message_id, p_user_id, p_user_id, p_sequence);
  IF v.kind = 'DIRECT' THEN
    IF v.send_read_receipts THEN
      PERFORM append_updates(ARRAY[v.other_id], 'MESSAGES_READ', p_conversation_id, p_message_id, p_user_id, p_user_id, p_sequence);
    ELSIF p_sequence > v.last_delivered_sequence THEN
      PERFORM append_updates(ARRAY[v.other_id], 'MESSAGES_DELIVERED', p_conversation_id, p_message_id, p_user_id, p_user_id, p_sequence);
    END IF;
  END IF;
  RETURN true;
END $$;

-- Sends a batch, in its order. Locks first, checks second; answers row by row and never raises for one bad row.
--   outcome: SENT · REPLAYED (message_id: the original) · SKIPPED (locked by somebody else; send it alone)
--            · UNAUTHENTICATED (the sender is not active) · NOT_FOUND · CANNOT_SEND (reasons)
-- The last row (ordinal 0, outcome HINTS) names the streams that were locked and where they stand now.
-- After the locks it checks the whole batch with one statement and writes it with another: what a message costs falls
-- with the size of the batch. Both see what the locks waited for, since each takes its snapshot after them.
CREATE FUNCTION send_messages(
  p_ids uuid[], p_conversation_ids uuid[], p_sender_ids uuid[], p_client_ids uuid[], p_bodies bytea[],
  p_reply_ids uuid[], p_read_ids uuid[], p_sent_ats timestamptz[], p_request_ids text[], p_addresses text[],
  p_open boolean, p_skip_locked boolean
) RETURNS TABLE (
  ordinal int, outcome text, message_id uuid, message_sequence int, message_sent_at timestamptz,
  reasons text[], user_ids uuid[], positions bigint[]
)
LANGUAGE plpgsql
SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off SET plan_cache_mode = force_generic_plan AS $$
DECLARE
  v_locked uuid[];
  v_people uuid[];
  v_now timestamptz;
  v_outcomes text[];
  v_originals uuid[];
  v_reasons text[];
  v_read_sequences int[];
  v_sequences int[];
  v_sent_ats timestamptz[];
BEGIN
  IF p_skip_locked THEN
    SELECT array_agg(x.id) INTO v_locked FROM (
      SELECT c.id FROM conversations c WHERE c.id = ANY (p_conversation_ids) ORDER BY c.id FOR UPDATE SKIP LOCKED) x;
  ELSE
    SELECT array_agg(x.id) INTO v_locked FROM (
      SELECT c.id FROM conversations c WHERE c.id = ANY (p_conversation_ids) ORDER BY c.id FOR UPDATE) x;
  END IF;
  v_locked := coalesce(v_locked, '{}');
  SELECT coalesce(array_agg(x.user_id), '{}') INTO v_people FROM (
    SELECT p.user_id FROM participants p
     WHERE p.conversation_id = ANY (v_locked) AND p.left_at IS NULL ORDER BY p.id FOR UPDATE) x;
  v_people := v_people || p_sender_ids;
  PERFORM 1 FROM user_streams s WHERE s.user_id = ANY (v_people) ORDER BY s.user_id FOR UPDATE;
  v_now := clock_timestamp();

  -- Check. A key that stands twice in one batch is sent once: the later one repeats the earlier one, unless that is refused.
  SELECT array_agg(CASE WHEN y.outcome = 'SENT' AND y.first_ordinal < y.ordinal THEN 'REPLAYED' ELSE y.outcome END ORDER BY y.ordinal),
         array_agg(CASE WHEN y.outcome = 'SENT' AND y.first_ordinal < y.ordinal THEN p_ids[y.first_ordinal] ELSE y.original_id END ORDER BY y.ordinal),
         array_agg(array_to_string(y.reasons, ',') ORDER BY y.ordinal),
         array_agg(y.read_sequence ORDER BY y.ordinal)
    INTO v_outcomes, v_originals, v_reasons, v_read_sequences
    FROM (
      SELECT z.*, min(z.ordinal) FILTER (WHERE z.outcome = 'SENT')
                    OVER (PARTITION BY z.conversation_id, z.sender_id, z.client_id) AS first_ordinal
        FROM (
          SELECT x.*,
                 CASE WHEN NOT x.conversation_id = ANY (v_locked) THEN
                        CASE WHEN x.exists THEN 'SKIPPED' ELSE 'NOT_FOUND' END
                      WHEN NOT x.is_active THEN 'UNAUTHENTICATED'
                      WHEN NOT x.is_visible THEN 'NOT_FOUND'
                      WHEN x.original_id IS NOT NULL THEN 'REPLAYED'
                      WHEN x.reply_id IS NOT NULL AND x.reply_sequence IS NULL
                        OR x.read_id IS NOT NULL AND x.read_sequence IS NULL THEN 'NOT_FOUND'
                      WHEN cardinality(x.reasons) > 0 THEN 'CANNOT_SEND'
                      ELSE 'SENT' END AS outcome
            FROM (
              SELECT r.ordinal::int AS ordinal, r.conversation_id, r.sender_id, r.client_id, r.reply_id, r.read_id, u.is_active,
                     EXISTS (SELECT 1 FROM conversations c WHERE c.id = r.conversation_id) AS exists,
                     u.role NOT IN ('ADMIN', 'AUDITOR', 'SERVICE') AND EXISTS (
                       SELECT 1 FROM memberships s
                        WHERE s.conversation_id = r.conversation_id AND s.user_id = r.sender_id) AS is_visible,
                     (SELECT m.id FROM messages m
                       WHERE m.conversation_id = r.conversation_id AND m.sender_id = r.sender_id
                         AND m.client_message_id = r.client_id) AS original_id,
                     CASE WHEN r.reply_id IS NOT NULL THEN visible_sequence(r.sender_id, r.conversation_id, r.reply_id) END AS reply_sequence,
                     CASE WHEN r.read_id IS NOT NULL THEN visible_sequence(r.sender_id, r.conversation_id, r.read_id) END AS read_sequence,
                     rules.reasons
                FROM unnest(p_conversation_ids, p_sender_ids, p_client_ids, p_reply_ids, p_read_ids)
                     WITH ORDINALITY AS r (conversation_id, sender_id, client_id, reply_id, read_id, ordinal)
                JOIN users u ON u.id = r.sender_id
                LEFT JOIN LATERAL send_rules(r.conversation_id, r.sender_id, p_open) rules ON true
            ) x
        ) z
    ) y;

  -- What senders have read comes before what they say. It lay committed before this batch, so all of it may come first.
  FOR i IN 1 .. cardinality(p_ids) LOOP
    IF v_outcomes[i] = 'SENT' AND p_read_ids[i] IS NOT NULL THEN
      PERFORM advance_read(p_sender_ids[i], p_conversation_ids[i], p_read_ids[i], v_read_sequences[i]);
    ELSIF v_outcomes[i] IN ('UNAUTHENTICATED', 'NOT_FOUND', 'CANNOT_SEND')
          AND EXISTS (SELECT 1 FROM conversations c WHERE c.id = p_conversation_ids[i]) THEN
      PERFORM record_audit(p_sender_ids[i], 'message.send', 'DENIED', 'Conversation', p_conversation_ids[i],
        p_conversation_ids[i], NULL, NULL, NULL, p_request_ids[i], p_addresses[i]);
    END IF;
  END LOOP;

  -- Write. Every row that this statement updates is locked already.
  WITH sent AS MATERIALIZED (
    SELECT r.*, c.kind, u.role AS sender_role,
           (c.last_sequence + row_number() OVER (PARTITION BY r.conversation_id ORDER BY r.ordinal))::int AS sequence,
           date_trunc('milliseconds', coalesce(r.given_at, v_now)) AS sent_at
      FROM unnest(p_ids, p_conversation_ids, p_sender_ids, p_client_ids, p_bodies, p_reply_ids, p_sent_ats, p_request_ids,
                  p_addresses, v_outcomes)
           WITH ORDINALITY AS r (id, conversation_id, sender_id, client_id, body, reply_id, given_at, request_id, address, outcome, ordinal)
      JOIN conversations c ON c.id = r.conversation_id
      JOIN users u ON u.id = r.sender_id
     WHERE r.outcome = 'SENT'
  ), conversations_moved AS (
    UPDATE conversations c SET last_sequence = x.sequence, last_activity_at = x.sent_at
      FROM (SELECT DISTINCT ON (s.conversation_id) s.conversation_id, s.sequence, s.sent_at
              FROM sent s ORDER BY s.conversation_id, s.sequence DESC) x
     WHERE c.id = x.conversation_id
  ), messages_written AS (
    INSERT INTO messages (id, conversation_id, sequence, sender_id, kind, client_message_id, body_sealed, reply_to_id, sent_at)
    SELECT s.id, s.conversation_id, s.sequence, s.sender_id, 'TEXT', s.client_id, s.body, s.reply_id, s.sent_at FROM sent s
  ), deliveries AS MATERIALIZED (
    SELECT s.ordinal, s.id, s.conversation_id, s.sender_id, s.sequence, s.sent_at, p.id AS participant_id, p.user_id, p.unread,
           p.user_id <> s.sender_id AS is_unread,
           p.user_id <> s.sender_id AND p.archived_at IS NULL AS counts,
           p.unread = 0 AND NOT p.is_marked_unread AS was_quiet,
           s.kind = 'GROUP' AND EXISTS (
             SELECT 1 FROM blocks b WHERE b.blocker_id = p.user_id AND b.blocked_id = s.sender_id) AS is_hidden
      FROM sent s
      JOIN participants p ON p.conversation_id = s.conversation_id AND p.left_at IS NULL
  ), hidden_written AS (
    INSERT INTO hidden (user_id, message_id, conversation_id, reason)
    SELECT d.user_id, d.id, d.conversation_id, 'BLOCKED' FROM deliveries d WHERE d.is_hidden
  ), counted AS MATERIALIZED (
    SELECT d.*, greatest(v_now, s.at) AS stream_at,
           s."position" + row_number() OVER person AS "position",
           (d.unread + sum(d.is_unread::int) OVER (PARTITION BY d.participant_id ORDER BY d.ordinal))::int AS conversation_unread,
           (s.unread + sum(d.counts::int) OVER person)::int AS viewer_unread
      FROM deliveries d
      JOIN user_streams s ON s.user_id = d.user_id
     WHERE NOT d.is_hidden
    WINDOW person AS (PARTITION BY d.user_id ORDER BY d.ordinal)
  ), participants_moved AS (
    UPDATE participants p
       SET unread = x.conversation_unread, last_message_sequence = x.sequence, last_activity_at = x.sent_at
      FROM (SELECT DISTINCT ON (k.participant_id) k.* FROM counted k ORDER BY k.participant_id, k.ordinal DESC) x
     WHERE p.id = x.participant_id
  ), streams_moved AS (
    UPDATE user_streams s
       SET "position" = x."position", at = x.stream_at, unread = x.viewer_unread,
           unread_conversations = s.unread_conversations + x.newly_unread
      FROM (SELECT k.user_id, max(k."position") AS "position", max(k.stream_at) AS stream_at, max(k.viewer_unread) AS viewer_unread,
                   count(*) FILTER (WHERE k.counts AND k.was_quiet AND k.conversation_unread = 1)::int AS newly_unread
              FROM counted k GROUP BY k.user_id) x
     WHERE s.user_id = x.user_id
  ), updates_written AS (
    INSERT INTO updates (user_id, "position", at, kind, conversation_id, message_id, actor_id, sequence,
                         conversation_unread, viewer_unread)
    SELECT k.user_id, k."position", k.stream_at, 'MESSAGE_SENT', k.conversation_id, k.id, k.sender_id, k.sequence,
           k.conversation_unread, k.viewer_unread
      FROM counted k
  ), audit_written AS (
    INSERT INTO audit_events (actor_id, actor_role, action, outcome, subject_type, subject_id, conversation_id, message_ids,
                              content_hash, request_id, ip_address)
    SELECT s.sender_id, s.sender_role, 'message.send', 'ALLOWED', 'Message', s.id, s.conversation_id, ARRAY[s.id],
           sha256(s.body), s.request_id, s.address
      FROM sent s
  )
  SELECT array_agg(s.sequence ORDER BY r.ordinal), array_agg(s.sent_at ORDER BY r.ordinal) INTO v_sequences, v_sent_ats
    FROM unnest(v_outcomes) WITH ORDINALITY AS r (outcome, ordinal)
    LEFT JOIN sent s ON s.ordinal = r.ordinal;

  RETURN QUERY
    SELECT r.ordinal::int, r.outcome, CASE WHEN r.outcome = 'SENT' THEN p_ids[r.ordinal] ELSE r.original_id END,
           v_sequences[r.ordinal], v_sent_ats[r.ordinal], string_to_array(r.reasons, ','), NULL::uuid[], NULL::bigint[]
      FROM unnest(v_outcomes, v_originals, v_reasons) WITH ORDINALITY AS r (outcome, original_id, reasons, ordinal)
    UNION ALL
    SELECT 0, 'HINTS', NULL, NULL, NULL, NULL, array_agg(s.user_id), array_agg(s."position")
      FROM user_streams s WHERE s.user_id = ANY (v_people);
END $$;

-- Writes a SYSTEM message: sequence, activity and MESSAGE_SENT to the current participants and p_also_ids
-- (who has just left). Returns its sequence. The caller holds all three lock classes.
CREATE FUNCTION write_system_message(
  p_id uuid, p_conversation_id uuid, p_event_kind system_event_kind, p_actor_id uuid, p_subject_id uuid, p_also_ids uuid[]
) RETURNS int
LANGUAGE plpgsql SET enable_seqscan = off SET plan_cache_mode = force_generic_plan AS $$
DECLARE
  v_sequence int;
  v_at timestamptz := date_trunc('milliseconds', clock_timestamp());
  v_people uuid[];
BEGIN
  UPDATE conversations c SET last_sequence = c.last_sequence + 1, last_activity_at = v_at
   WHERE c.id = p_conversation_id RETURNING c.last_sequence INTO v_sequence;
  INSERT INTO messages (id, conversation_id, sequence, kind, sent_at, event_kind, event_actor_id, event_subject_id)
  VALUES (p_id, p_conversation_id, v_sequence, 'SYSTEM', v_at, p_event_kind, p_actor_id, p_subject_id);
  WITH touched AS (
    UPDATE participants p SET last_message_sequence = v_sequence, last_activity_at = v_at
     WHERE p.conversation_id = p_conversation_id AND (p.left_at IS NULL OR p.user_id = ANY (p_also_ids))
    RETURNING p.user_id
  )
  SELECT coalesce(array_agg(t.user_id), '{}') INTO v_people FROM touched t;
  PERFORM append_updates(v_people, 'MESSAGE_SENT', p_conversation_id, p_id, NULL, NULL, v_sequence);
  RETURN v_sequence;
END $$;

-- Moves read positions, a batch in its order. Locks participants, then streams.
--   outcome: READ · UNCHANGED · NOT_FOUND · UNAUTHENTICATED; the last row (ordinal 0, HINTS) as in send_messages.
CREATE FUNCTION mark_read(
  p_user_ids uuid[], p_conversation_ids uuid[], p_message_ids uuid[], p_request_ids text[], p_addresses text[]
) RETURNS TABLE (ordinal int, outcome text, user_ids uuid[], positions bigint[])
LANGUAGE plpgsql SET enable_seqscan = off SET plan_cache_mode = force_generic_plan AS $$
DECLARE
  v_people uuid[];
  v_sequence int;
BEGIN
  PERFORM 1 FROM participants p
    WHERE (p.conversation_id, p.user_id) IN (SELECT x.c, x.u FROM unnest(p_conversation_ids, p_user_ids) AS x (c, u))
    ORDER BY p.id FOR UPDATE;
  SELECT p_user_ids || array_agg(c.patient_id) || array_agg(c.doctor_id) INTO v_people
    FROM conversations c WHERE c.id = ANY (p_conversation_ids) AND c.kind = 'DIRECT';
  PERFORM 1 FROM user_streams s WHERE s.user_id = ANY (v_people) ORDER BY s.user_id FOR UPDATE;

  FOR i IN 1 .. cardinality(p_user_ids) LOOP
    ordinal := i;
    IF NOT EXISTS (SELECT 1 FROM users u WHERE u.id = p_user_ids[i] AND u.is_active) THEN
      outcome := 'UNAUTHENTICATED';
    ELSE
      v_sequence := visible_sequence(p_user_ids[i], p_conversation_ids[i], p_message_ids[i]);
      IF v_sequence IS NULL THEN
        outcome := 'NOT_FOUND';
        IF EXISTS (SELECT 1 FROM messages m WHERE m.id = p_message_ids[i]) THEN
          PERFORM record_audit(p_user_ids[i], 'message.mark_read', 'DENIED', 'Message', p_message_ids[i], NULL,
            NULL, NULL, NULL, p_request_ids[i], p_addresses[i]);
        END IF;
      ELSIF advance_read(p_user_ids[i], p_conversation_ids[i], p_message_ids[i], v_sequence) THEN
        outcome := 'READ';
        PERFORM record_audit(p_user_ids[i], 'message.mark_read', 'ALLOWED', 'Message', p_message_ids[i],
          p_conversation_ids[i], NULL, NULL, NULL, p_request_ids[i], p_addresses[i]);
      ELSE
        outcome := 'UNCHANGED';
      END IF;
    END IF;
    RETURN NEXT;
  END LOOP;

  ordinal := 0; outcome := 'HINTS';
  SELECT array_agg(s.user_id), array_agg(s."position") INTO user_ids, positions
    FROM user_streams s WHERE s.user_id = ANY (v_people);
  RETURN NEXT;
END $$;

-- Acknowledges a stream up to a position: the delivered watermark of each conversation with undelivered messages
-- moves to its last message whose row lies at or before it; where rows were trimmed, to its last message older
-- than the oldest kept row. At most p_limit conversations a call; acknowledged_position moves with the last call. p_at is the
-- time of the position in whole milliseconds, and prunes with the time of the last one acknowledged.
--   outcome: MORE (call again) · DONE · NOT_REACHED (the position does not exist yet) · UNAUTHENTICATED
CREATE FUNCTION mark_delivered(
  p_user_id uuid, p_position bigint, p_at timestamptz, p_limit int, p_request_id text, p_address text
) RETURNS TABLE (outcome text, user_ids uuid[], positions bigint[])
LANGUAGE plpgsql SET enable_seqscan = off SET plan_cache_mode = force_generic_plan AS $$
DECLARE
  v_stream record;
  v_oldest record;
  v_conversation_ids uuid[];
  v_sequences int[];
  v_people uuid[];
  v_move record;
  v_moved int := 0;
BEGIN
  SELECT s."position", s.acknowledged_position, s.acknowledged_at INTO v_stream FROM user_streams s WHERE s.user_id = p_user_id;
  IF p_position > v_stream."position" THEN
    outcome := 'NOT_REACHED';
    RETURN NEXT;
    RETURN;
  END IF;
  IF p_position <= v_stream.acknowledged_position THEN
    outcome := 'DONE';
    RETURN NEXT;
    RETURN;
  END IF;
  SELECT u."position", u.at INTO v_oldest FROM updates u
   WHERE u.user_id = p_user_id AND u."position" > v_stream.acknowledged_position AND u.at >= v_stream.acknowledged_at
   ORDER BY u."position" LIMIT 1;

  SELECT coalesce(array_agg(y.conversation_id ORDER BY y.conversation_id), '{}'),
         coalesce(array_agg(y.sequence ORDER BY y.conversation_id), '{}')
    INTO v_conversation_ids, v_sequences
    FROM (
      SELECT x.conversation_id, max(x.sequence) AS sequence FROM (
        SELECT u.conversation_id, u.sequence, u.actor_id FROM updates u
         WHERE u.user_id = p_user_id AND u."position" > v_stream.acknowledged_position AND u."position" <= p_position
           AND u.at >= v_stream.acknowledged_at AND u.at < p_at + interval '1 millisecond'
           AND u.kind = 'MESSAGE_SENT'
        UNION ALL
        SELECT m.conversation_id, m.sequence, m.sender_id
          FROM participants p
          JOIN memberships s ON s.conversation_id = p.conversation_id AND s.user_id = p.user_id
          JOIN messages m ON m.conversation_id = p.conversation_id AND m.sequence > p.last_delivered_sequence
           AND m.sequence >= s.from_sequence AND (s.to_sequence IS NULL OR m.sequence <= s.to_sequence)
         WHERE v_oldest."position" IS DISTINCT FROM v_stream.acknowledged_position + 1
           AND p.user_id = p_user_id AND p.last_delivered_sequence < p.last_message_sequence
           AND m.sent_at < coalesce(v_oldest.at, 'infinity'::timestamptz)
      ) x
      JOIN participants p ON p.conversation_id = x.conversation_id AND p.user_id = p_user_id
      WHERE x.sequence > p.last_delivered_sequence
      GROUP BY x.conversation_id
      HAVING bool_or(x.actor_id IS NOT NULL AND x.actor_id <> p_user_id)
      ORDER BY x.conversation_id
      LIMIT p_limit + 1
    ) y;
  outcome := CASE WHEN cardinality(v_conversation_ids) > p_limit THEN 'MORE' ELSE 'DONE' END;
  v_conversation_ids := v_conversation_ids[1:p_limit];

  PERFORM 1 FROM participants p
    WHERE p.user_id = p_user_id AND p.conversation_id = ANY (v_conversation_ids) ORDER BY p.id FOR UPDATE;
  SELECT ARRAY[p_user_id] || array_agg(c.patient_id) || array_agg(c.doctor_id) INTO v_people
    FROM conversations c WHERE c.id = ANY (v_conversation_ids) AND c.kind = 'DIRECT';
  PERFORM 1 FROM user_streams s WHERE s.user_id = ANY (v_people) ORDER BY s.user_id FOR UPDATE;
  IF NOT EXISTS (SELECT 1 FROM users u WHERE u.id = p_user_id AND u.is_active) THEN
    outcome := 'UNAUTHENTICATED';
    RETURN NEXT;
    RETURN;
  END IF;

  FOR v_move IN
    SELECT d.conversation_id, d.sequence, c.kind,
           CASE WHEN c.patient_id = p_user_id THEN c.doctor_id ELSE c.patient_id END AS other_id,
           (SELECT m.id FROM messages m WHERE m.conversation_id = d.conversation_id AND m.sequence = d.sequence) AS message_id
      FROM unnest(v_conversation_ids, v_sequences) AS d (conversation_id, sequence)
      JOIN conversations c ON c.id = d.conversation_id
      JOIN participants p ON p.conversation_id = d.conversation_id AND p.user_id = p_user_id
     WHERE d.sequence > p.last_delivered_sequence
     ORDER BY d.conversation_id
  LOOP
    v_moved := v_moved + 1;
    UPDATE participants p SET last_delivered_sequence = v_move.sequence
     WHERE p.conversation_id = v_move.conversation_id AND p.user_id = p_user_id;
    INSERT INTO receipts (conversation_id, user_id, kind, up_to_sequence, at, private)
    VALUES (v_move.conversation_id, p_user_id, 'DELIVERED', v_move.sequence, clock_timestamp(), false)
    ON CONFLICT DO NOTHING;
    IF v_move.kind = 'DIRECT' THEN
      PERFORM append_updates(ARRAY[v_move.other_id], 'MESSAGES_DELIVERED', v_move.conversation_id, v_move.message_id,
        p_user_id, p_user_id, v_move.sequence);
    END IF;
  END LOOP;
  IF v_moved > 0 THEN
    PERFORM record_audit(p_user_id, 'message.mark_delivered', 'ALLOWED', 'User', p_user_id, NULL, NULL, NULL, NULL,
      p_request_id, p_address);
  END IF;
  IF outcome = 'DONE' THEN
    UPDATE user_streams s SET acknowledged_position = p_position, acknowledged_at = p_at
     WHERE s.user_id = p_user_id AND s.acknowledged_position < p_position;
  END IF;
  SELECT array_agg(s.user_id), array_agg(s."position") INTO user_ids, positions
    FROM user_streams s WHERE s.user_id = ANY (v_people);
  RETURN NEXT;
END $$;
