-- The business contract (design, section 4) on the embedded database.
--
-- Times are text in UTC, "2026-11-24T09:00:00Z"; days are text, "2026-11-24";
-- "" and NULL both mean "none". Categories stand one a line. Enumerations are
-- the words of package pim, with "busy", "normal" and "not-started" for the
-- values a new item has; a reader takes words it does not know for those.

-- +goose Up
CREATE TABLE employees (
	user_id   TEXT NOT NULL COLLATE NOCASE PRIMARY KEY,
	name      TEXT NOT NULL DEFAULT '',
	email     TEXT NOT NULL DEFAULT '' COLLATE NOCASE,
	time_zone TEXT NOT NULL DEFAULT 'Europe/Vienna',
	active    INTEGER NOT NULL DEFAULT 1
);
CREATE UNIQUE INDEX employees_email ON employees (email) WHERE email <> '';

CREATE TABLE permission_groups (
	name        TEXT NOT NULL COLLATE NOCASE PRIMARY KEY,
	description TEXT NOT NULL DEFAULT ''
);
CREATE TABLE group_members (
	group_name TEXT NOT NULL COLLATE NOCASE REFERENCES permission_groups (name) ON UPDATE CASCADE ON DELETE CASCADE,
	user_id    TEXT NOT NULL COLLATE NOCASE REFERENCES employees (user_id) ON UPDATE CASCADE ON DELETE CASCADE,
	PRIMARY KEY (group_name, user_id)
);
CREATE TABLE group_functions (
	group_name TEXT NOT NULL COLLATE NOCASE REFERENCES permission_groups (name) ON UPDATE CASCADE ON DELETE CASCADE,
	function   TEXT NOT NULL,
	PRIMARY KEY (group_name, function)
);

CREATE TABLE appointments (
	id                INTEGER PRIMARY KEY AUTOINCREMENT,
	user_id           TEXT NOT NULL COLLATE NOCASE REFERENCES employees (user_id) ON UPDATE CASCADE,
	subject           TEXT NOT NULL DEFAULT '',
	body              TEXT NOT NULL DEFAULT '',
	location          TEXT NOT NULL DEFAULT '',
	start_at          TEXT NOT NULL DEFAULT '',
	end_at            TEXT NOT NULL DEFAULT '',
	time_zone         TEXT NOT NULL DEFAULT '',
	all_day           INTEGER NOT NULL DEFAULT 0,
	start_date        TEXT NOT NULL DEFAULT '',
	end_date          TEXT NOT NULL DEFAULT '',
	busy              TEXT NOT NULL DEFAULT 'busy',
	private           INTEGER NOT NULL DEFAULT 0,
	importance        TEXT NOT NULL DEFAULT 'normal',
	categories        TEXT NOT NULL DEFAULT '',
	reminder_minutes  INTEGER,
	recurrence_rule   TEXT NOT NULL DEFAULT '',
	uid               TEXT NOT NULL DEFAULT '',
	-- From Exchange only: who organises the meeting, and who answered what (JSON).
	meeting_role      TEXT NOT NULL DEFAULT '',
	meeting_organizer TEXT NOT NULL DEFAULT '',
	meeting_attendees TEXT NOT NULL DEFAULT ''
);
CREATE INDEX appointments_user ON appointments (user_id);
CREATE INDEX appointments_uid ON appointments (uid) WHERE uid <> '';

CREATE TABLE appointment_participants (
	appointment_id INTEGER NOT NULL REFERENCES appointments (id) ON DELETE CASCADE,
	user_id        TEXT NOT NULL COLLATE NOCASE REFERENCES employees (user_id) ON UPDATE CASCADE ON DELETE CASCADE,
	PRIMARY KEY (appointment_id, user_id)
);
-- One changed or (deleted = 1) removed occurrence of a series.
CREATE TABLE appointment_exceptions (
	appointment_id INTEGER NOT NULL REFERENCES appointments (id) ON DELETE CASCADE,
	original_start TEXT NOT NULL,
	deleted        INTEGER NOT NULL DEFAULT 0,
	subject        TEXT NOT NULL DEFAULT '',
	location       TEXT NOT NULL DEFAULT '',
	start_at       TEXT NOT NULL DEFAULT '',
	end_at         TEXT NOT NULL DEFAULT '',
	PRIMARY KEY (appointment_id, original_start)
);

CREATE TABLE tasks (
	id              INTEGER PRIMARY KEY AUTOINCREMENT,
	user_id         TEXT NOT NULL COLLATE NOCASE REFERENCES employees (user_id) ON UPDATE CASCADE,
	subject         TEXT NOT NULL DEFAULT '',
	body            TEXT NOT NULL DEFAULT '',
	start_date      TEXT NOT NULL DEFAULT '',
	due_date        TEXT NOT NULL DEFAULT '',
	status          TEXT NOT NULL DEFAULT 'not-started',
	percent         INTEGER NOT NULL DEFAULT 0,
	completed_on    TEXT NOT NULL DEFAULT '',
	private         INTEGER NOT NULL DEFAULT 0,
	importance      TEXT NOT NULL DEFAULT 'normal',
	categories      TEXT NOT NULL DEFAULT '',
	reminder_at     TEXT NOT NULL DEFAULT '',
	recurrence_rule TEXT NOT NULL DEFAULT '',
	uid             TEXT NOT NULL DEFAULT ''
);
CREATE INDEX tasks_user ON tasks (user_id);
CREATE INDEX tasks_uid ON tasks (uid) WHERE uid <> '';

-- Every writer feeds the change feed: an item's newest row counts. The triggers
-- use plain INSERT, because an "INSERT OR IGNORE" of the writer would carry its
-- conflict rule into them (SQLite, CREATE TRIGGER, section 2).
-- +goose StatementBegin
CREATE TRIGGER appointments_inserted AFTER INSERT ON appointments BEGIN
	INSERT INTO changes (kind, user_id, item_id, gone) VALUES (1, NEW.user_id, NEW.id, 0);
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER appointments_left AFTER UPDATE ON appointments
WHEN OLD.user_id <> NEW.user_id OR OLD.id <> NEW.id BEGIN
	INSERT INTO changes (kind, user_id, item_id, gone) VALUES (1, OLD.user_id, OLD.id, 1);
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER appointments_updated AFTER UPDATE ON appointments BEGIN
	INSERT INTO changes (kind, user_id, item_id, gone) VALUES (1, NEW.user_id, NEW.id, 0);
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER appointments_deleted AFTER DELETE ON appointments BEGIN
	INSERT INTO changes (kind, user_id, item_id, gone) VALUES (1, OLD.user_id, OLD.id, 1);
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER tasks_inserted AFTER INSERT ON tasks BEGIN
	INSERT INTO changes (kind, user_id, item_id, gone) VALUES (2, NEW.user_id, NEW.id, 0);
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER tasks_left AFTER UPDATE ON tasks
WHEN OLD.user_id <> NEW.user_id OR OLD.id <> NEW.id BEGIN
	INSERT INTO changes (kind, user_id, item_id, gone) VALUES (2, OLD.user_id, OLD.id, 1);
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER tasks_updated AFTER UPDATE ON tasks BEGIN
	INSERT INTO changes (kind, user_id, item_id, gone) VALUES (2, NEW.user_id, NEW.id, 0);
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER tasks_deleted AFTER DELETE ON tasks BEGIN
	INSERT INTO changes (kind, user_id, item_id, gone) VALUES (2, OLD.user_id, OLD.id, 1);
END;
-- +goose StatementEnd
