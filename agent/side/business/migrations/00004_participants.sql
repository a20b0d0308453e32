-- Participants (design, section 3): one appointment, seen by its owner and by those
-- who take part. Reminder, categories, busy status and the private flag belong to
-- each person: the owner's stand in appointments, a participant's beside his name.
-- NULL is what he has from the owner, until his first copy is made; a reminder below
-- zero is "none".

-- +goose Up
ALTER TABLE appointment_participants ADD COLUMN busy TEXT;
ALTER TABLE appointment_participants ADD COLUMN private INTEGER;
ALTER TABLE appointment_participants ADD COLUMN categories TEXT;
ALTER TABLE appointment_participants ADD COLUMN reminder_minutes INTEGER;
CREATE INDEX appointment_participants_user ON appointment_participants (user_id);

-- Until now nobody was told that he takes part.
INSERT INTO changes (kind, user_id, item_id, gone)
	SELECT 1, p.user_id, p.appointment_id, 0 FROM appointment_participants p JOIN appointments a ON a.id = p.appointment_id;

-- A change of an appointment is told to its owner and to everybody who takes part.
DROP TRIGGER appointments_inserted;
DROP TRIGGER appointments_left;
DROP TRIGGER appointments_updated;
DROP TRIGGER appointments_deleted;
-- +goose StatementBegin
CREATE TRIGGER appointments_inserted AFTER INSERT ON appointments BEGIN
	INSERT INTO changes (kind, user_id, item_id, gone)
		SELECT 1, NEW.user_id, NEW.id, 0
		UNION ALL SELECT 1, user_id, NEW.id, 0 FROM appointment_participants WHERE appointment_id = NEW.id;
END;
-- +goose StatementEnd
-- The former owner may still take part.
-- +goose StatementBegin
CREATE TRIGGER appointments_left AFTER UPDATE ON appointments
WHEN (OLD.user_id <> NEW.user_id OR OLD.id <> NEW.id) AND NOT EXISTS (SELECT 1 FROM appointment_participants
	WHERE appointment_id = NEW.id AND user_id = OLD.user_id AND OLD.id = NEW.id) BEGIN
	INSERT INTO changes (kind, user_id, item_id, gone) VALUES (1, OLD.user_id, OLD.id, 1);
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER appointments_renamed AFTER UPDATE OF id ON appointments WHEN OLD.id <> NEW.id BEGIN
	INSERT INTO changes (kind, user_id, item_id, gone)
		SELECT 1, user_id, OLD.id, 1 FROM appointment_participants WHERE appointment_id = OLD.id;
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER appointments_updated AFTER UPDATE ON appointments BEGIN
	INSERT INTO changes (kind, user_id, item_id, gone)
		SELECT 1, NEW.user_id, NEW.id, 0
		UNION ALL SELECT 1, user_id, NEW.id, 0 FROM appointment_participants WHERE appointment_id = NEW.id;
END;
-- +goose StatementEnd
-- Whoever has foreign keys switched off leaves the participants behind; their own
-- trigger tells them.
-- +goose StatementBegin
CREATE TRIGGER appointments_deleted AFTER DELETE ON appointments BEGIN
	INSERT INTO changes (kind, user_id, item_id, gone) VALUES (1, OLD.user_id, OLD.id, 1);
	DELETE FROM appointment_participants WHERE appointment_id = OLD.id;
END;
-- +goose StatementEnd

-- What is a person's own stays his own when the owner changes: the former one's goes
-- to his participation, if he has one, and that of a participant who becomes the
-- owner into the appointment, unless the same statement says something else.
-- +goose StatementBegin
CREATE TRIGGER appointments_handed_on AFTER UPDATE OF user_id ON appointments WHEN OLD.user_id <> NEW.user_id BEGIN
	UPDATE appointment_participants SET busy = OLD.busy, private = OLD.private, categories = OLD.categories,
		reminder_minutes = COALESCE(OLD.reminder_minutes, -1)
		WHERE appointment_id = NEW.id AND user_id = OLD.user_id;
	UPDATE appointments SET
		busy = CASE WHEN NEW.busy IS OLD.busy THEN COALESCE(p.busy, NEW.busy) ELSE NEW.busy END,
		private = CASE WHEN NEW.private IS OLD.private THEN COALESCE(p.private, NEW.private) ELSE NEW.private END,
		categories = CASE WHEN NEW.categories IS OLD.categories THEN COALESCE(p.categories, NEW.categories) ELSE NEW.categories END,
		reminder_minutes = CASE WHEN NEW.reminder_minutes IS NOT OLD.reminder_minutes OR p.reminder_minutes IS NULL THEN NEW.reminder_minutes
			WHEN p.reminder_minutes < 0 THEN NULL ELSE p.reminder_minutes END
		FROM appointment_participants p
		WHERE p.appointment_id = NEW.id AND p.user_id = NEW.user_id AND appointments.id = NEW.id;
END;
-- +goose StatementEnd

-- Whoever joins gets a copy of his own, with a key of its own.
-- +goose StatementBegin
CREATE TRIGGER appointment_participants_joined AFTER INSERT ON appointment_participants BEGIN
	DELETE FROM item_keys WHERE item_id = NEW.appointment_id AND kind = 1 AND user_id = NEW.user_id
		AND NOT EXISTS (SELECT 1 FROM appointments WHERE id = NEW.appointment_id AND user_id = NEW.user_id);
	INSERT INTO changes (kind, user_id, item_id, gone) VALUES (1, NEW.user_id, NEW.appointment_id, 0);
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER appointment_participants_left AFTER DELETE ON appointment_participants BEGIN
	INSERT INTO changes (kind, user_id, item_id, gone) VALUES (1, OLD.user_id, OLD.appointment_id,
		NOT EXISTS (SELECT 1 FROM appointments WHERE id = OLD.appointment_id AND user_id = OLD.user_id));
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER appointment_participants_replaced AFTER UPDATE ON appointment_participants
WHEN OLD.user_id <> NEW.user_id OR OLD.appointment_id <> NEW.appointment_id BEGIN
	INSERT INTO changes (kind, user_id, item_id, gone) VALUES (1, OLD.user_id, OLD.appointment_id,
		NOT EXISTS (SELECT 1 FROM appointments WHERE id = OLD.appointment_id AND user_id = OLD.user_id));
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER appointment_participants_updated AFTER UPDATE ON appointment_participants BEGIN
	INSERT INTO changes (kind, user_id, item_id, gone) VALUES (1, NEW.user_id, NEW.appointment_id, 0);
END;
-- +goose StatementEnd

-- A change of an exception is a change of its series, for all.
DROP TRIGGER appointment_exceptions_inserted;
DROP TRIGGER appointment_exceptions_updated;
DROP TRIGGER appointment_exceptions_deleted;
CREATE VIEW who_has AS
	SELECT id AS appointment_id, user_id FROM appointments
	UNION ALL SELECT p.appointment_id, p.user_id FROM appointment_participants p JOIN appointments a ON a.id = p.appointment_id;
-- +goose StatementBegin
CREATE TRIGGER appointment_exceptions_inserted AFTER INSERT ON appointment_exceptions BEGIN
	INSERT INTO changes (kind, user_id, item_id, gone)
		SELECT 1, user_id, appointment_id, 0 FROM who_has WHERE appointment_id = NEW.appointment_id;
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER appointment_exceptions_updated AFTER UPDATE ON appointment_exceptions BEGIN
	INSERT INTO changes (kind, user_id, item_id, gone)
		SELECT 1, user_id, appointment_id, 0 FROM who_has WHERE appointment_id IN (OLD.appointment_id, NEW.appointment_id);
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER appointment_exceptions_deleted AFTER DELETE ON appointment_exceptions BEGIN
	INSERT INTO changes (kind, user_id, item_id, gone)
		SELECT 1, user_id, appointment_id, 0 FROM who_has WHERE appointment_id = OLD.appointment_id;
END;
-- +goose StatementEnd
