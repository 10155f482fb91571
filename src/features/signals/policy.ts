/**
 * Whose presence (alias `u` of users) somebody (alias `v`) may see: one's own; else of those who share it and with whom one
 * takes part in a conversation now, or is in care, unless they have blocked one. `open` is an SQL boolean.
 */
export function visiblePresenceSql(open: string): string {
  return `(u.id = v.id
    OR u.is_active AND u.share_presence
      AND u.role NOT IN ('ADMIN', 'AUDITOR', 'SERVICE') AND v.role NOT IN ('ADMIN', 'AUDITOR', 'SERVICE')
      AND NOT EXISTS (SELECT 1 FROM blocks b WHERE b.blocker_id = u.id AND b.blocked_id = v.id)
      AND (EXISTS (SELECT 1 FROM appointments a
                    WHERE a.status <> 'CANCELLED'
                      AND (a.patient_id = u.id AND a.doctor_id = v.id OR a.doctor_id = u.id AND a.patient_id = v.id))
        OR ${open} AND (u.role = 'DOCTOR' AND v.role = 'PATIENT' OR u.role = 'PATIENT' AND v.role = 'DOCTOR')
        OR EXISTS (SELECT 1 FROM participants a JOIN participants b ON b.conversation_id = a.conversation_id
                    WHERE a.user_id = u.id AND a.left_at IS NULL AND b.user_id = v.id AND b.left_at IS NULL)))`
}

/**
 * Who of those who type (alias `t` of users, `pt` their part in the conversation) somebody (`v`, `pv`) may see typing: both
 * take part now, the typist lets it be known, and neither has blocked the other.
 */
export const visibleTypistSql = `t.id <> v.id AND pv.left_at IS NULL AND pt.left_at IS NULL
  AND t.is_active AND t.send_typing AND t.availability <> 'INVISIBLE'
  AND v.role NOT IN ('ADMIN', 'AUDITOR', 'SERVICE')
  AND NOT EXISTS (SELECT 1 FROM blocks b WHERE b.blocker_id = t.id AND b.blocked_id = v.id
                                            OR b.blocker_id = v.id AND b.blocked_id = t.id)`
