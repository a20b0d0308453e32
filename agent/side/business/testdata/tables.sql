-- Another program's tables under the contract's names: declared types the driver
-- would interpret, NULLs, ids that are used again, no triggers, a rollback journal.
CREATE TABLE employees (
	user_id   TEXT NOT NULL PRIMARY KEY,
	name      TEXT NOT NULL DEFAULT '',
	email     TEXT NOT NULL DEFAULT '',
	time_zone TEXT NOT NULL DEFAULT 'Europe/Vienna',
	active    INTEGER NOT NULL DEFAULT 1
);
CREATE TABLE permission_groups (
	name        TEXT NOT NULL PRIMARY KEY,
	description TEXT NOT NULL DEFAULT ''
);
CREATE TABLE group_members (
	group_name TEXT NOT NULL,
	user_id    TEXT NOT NULL,
	PRIMARY KEY (group_name, user_id)
);
CREATE TABLE group_functions (
	group_name TEXT NOT NULL,
	function   TEXT NOT NULL,
	PRIMARY KEY (group_name, function)
);
CREATE TABLE appointments (
	id                INTEGER PRIMARY KEY,
	user_id           TEXT NOT NULL,
	subject           TEXT NOT NULL DEFAULT '',
	body              TEXT NOT NULL DEFAULT '',
	location          TEXT NOT NULL DEFAULT '',
	start_at          DATETIME,
	end_at            DATETIME,
	time_zone         TEXT NOT NULL DEFAULT '',
	all_day           BOOLEAN,
	start_date        DATE,
	end_date          TEXT NOT NULL DEFAULT '',
	busy              TEXT NOT NULL DEFAULT 'busy',
	private           BOOLEAN,
	importance        TEXT NOT NULL DEFAULT 'normal',
	categories        TEXT NOT NULL DEFAULT '',
	reminder_minutes  INTEGER,
	recurrence_rule   TEXT NOT NULL DEFAULT '',
	uid               TEXT NOT NULL DEFAULT '',
	meeting_role      TEXT NOT NULL DEFAULT '',
	meeting_organizer TEXT NOT NULL DEFAULT '',
	meeting_attendees TEXT NOT NULL DEFAULT ''
);
CREATE TABLE appointment_participants (
	appointment_id INTEGER NOT NULL,
	user_id        TEXT NOT NULL,
	PRIMARY KEY (appointment_id, user_id)
);
CREATE TABLE appointment_exceptions (
	appointment_id   INTEGER NOT NULL,
	original_start   DATETIME NOT NULL,
	deleted          BOOLEAN,
	subject          TEXT,
	body             TEXT,
	location         TEXT,
	start_at         DATETIME,
	end_at           DATETIME,
	time_zone        TEXT,
	all_day          BOOLEAN,
	start_date       DATE,
	end_date         DATE,
	busy             TEXT,
	private          BOOLEAN,
	importance       TEXT,
	categories       TEXT,
	reminder_minutes INTEGER,
	PRIMARY KEY (appointment_id, original_start)
);
CREATE TABLE tasks (
	id              INTEGER PRIMARY KEY,
	user_id         TEXT NOT NULL,
	subject         TEXT NOT NULL DEFAULT '',
	body            TEXT NOT NULL DEFAULT '',
	start_date      TEXT NOT NULL DEFAULT '',
	due_date        DATE,
	status          TEXT NOT NULL DEFAULT 'not-started',
	percent         INTEGER NOT NULL DEFAULT 0,
	completed_on    TEXT NOT NULL DEFAULT '',
	private         INTEGER NOT NULL DEFAULT 0,
	importance      TEXT NOT NULL DEFAULT 'normal',
	categories      TEXT NOT NULL DEFAULT '',
	reminder_at     TEXT NOT NULL DEFAULT '',
	recurrence_rule TEXT NOT NULL DEFAULT '',
	uid             TEXT NOT NULL DEFAULT '',
	recurrence_start DATE
);

INSERT INTO employees (user_id, name, email, time_zone, active) VALUES
	('anna', 'Anna', 'anna@lab.test', 'Europe/Vienna', 1),
	('Bernd', 'Bernd', 'bernd@lab.test', 'Europe/Vienna', 1),
	('clara', 'Clara', 'clara@lab.test', 'Europe/Vienna', 1);
