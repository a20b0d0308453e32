-- Series (design, section 4): whole occurrences, and where a recurring task began.
--
-- An exception names its occurrence by the start the pattern gives it: in UTC,
-- "2026-11-24T09:00:00Z", of an all-day series the day, "2026-11-24". Whatever it
-- says nothing about (NULL) is as in the series, so that another program may write
-- only what it changed. As in the series are also "" in the columns of the time
-- and in the enumerations; a start without an end keeps the length. Reminders: a
-- number below zero is "none". A start of its own needs time_zone only in an
-- all-day series.

-- +goose Up
CREATE TABLE exceptions_3 (
	appointment_id   INTEGER NOT NULL REFERENCES appointments (id) ON DELETE CASCADE,
	original_start   TEXT NOT NULL,
	deleted          INTEGER NOT NULL DEFAULT 0,
	subject          TEXT,
	body             TEXT,
	location         TEXT,
	start_at         TEXT,
	end_at           TEXT,
	time_zone        TEXT,
	all_day          INTEGER,
	start_date       TEXT,
	end_date         TEXT,
	busy             TEXT,
	private          INTEGER,
	importance       TEXT,
	categories       TEXT,
	reminder_minutes INTEGER,
	PRIMARY KEY (appointment_id, original_start)
);
-- Until now "" was the only way to say nothing.
INSERT INTO exceptions_3 (appointment_id, original_start, deleted, subject, location, start_at, end_at)
	SELECT appointment_id, original_start, deleted, nullif(subject, ''), nullif(location, ''),
		nullif(start_at, ''), nullif(end_at, '') FROM appointment_exceptions;
DROP TABLE appointment_exceptions;
ALTER TABLE exceptions_3 RENAME TO appointment_exceptions;

-- The day a recurring task's pattern began on, where that is another day than its
-- start (else its due day): a task moves on from one occurrence to the next.
ALTER TABLE tasks ADD COLUMN recurrence_start TEXT NOT NULL DEFAULT '';

-- A change of an exception is a change of its series. Of a deleted series there is
-- nothing left to tell: its own trigger told it.
-- +goose StatementBegin
CREATE TRIGGER appointment_exceptions_inserted AFTER INSERT ON appointment_exceptions BEGIN
	INSERT INTO changes (kind, user_id, item_id, gone)
		SELECT 1, user_id, id, 0 FROM appointments WHERE id = NEW.appointment_id;
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER appointment_exceptions_updated AFTER UPDATE ON appointment_exceptions BEGIN
	INSERT INTO changes (kind, user_id, item_id, gone)
		SELECT 1, user_id, id, 0 FROM appointments WHERE id IN (OLD.appointment_id, NEW.appointment_id);
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER appointment_exceptions_deleted AFTER DELETE ON appointment_exceptions BEGIN
	INSERT INTO changes (kind, user_id, item_id, gone)
		SELECT 1, user_id, id, 0 FROM appointments WHERE id = OLD.appointment_id;
END;
-- +goose StatementEnd
