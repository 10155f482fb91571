-- While an import of former messages fills a conversation, it is closed to sends.
ALTER TABLE "conversations" ADD COLUMN "importing_since" TIMESTAMPTZ(6);

-- ─── functions ───

-- As before, and a conversation that an import fills counts as closed.
-- A changed function gets a new name elsewhere, so that nodes of the version before keep the one that they call. This one
-- keeps its name on purpose: these nodes must refuse sends into a conversation under import as well, or a live message
-- would come to lie between imported ones. Signature and answers are those that they know. Until they are replaced they
-- show closedAt as null beside the reason CONVERSATION_CLOSED, let their people edit a message as if the conversation were
-- open (imported ones within the edit window of their times), and show imported messages with deliveryState and receipts
-- from the watermarks. None of that is in the way of the import.
CREATE OR REPLACE FUNCTION send_rules(p_conversation_id uuid, p_user_id uuid, p_open boolean) RETURNS TABLE (reasons text[])
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
           CASE WHEN c.closed_at IS NOT NULL OR c.importing_since IS NOT NULL THEN 'CONVERSATION_CLOSED' END,
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
