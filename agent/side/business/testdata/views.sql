-- Another program's database: its own names, and views with INSTEAD OF triggers
-- that offer the contract.
CREATE TABLE MITARBEITER (MNR INTEGER PRIMARY KEY, KUERZEL TEXT NOT NULL UNIQUE, NAME TEXT, MAIL TEXT, AUSGETRETEN INTEGER DEFAULT 0);
INSERT INTO MITARBEITER (KUERZEL, NAME, MAIL) VALUES
	('anna', 'Anna', 'anna@lab.test'), ('Bernd', 'Bernd', 'bernd@lab.test'), ('clara', 'Clara', 'clara@lab.test');
CREATE VIEW employees AS SELECT KUERZEL AS user_id, NAME AS name, MAIL AS email, 'Europe/Vienna' AS time_zone,
	NOT AUSGETRETEN AS active FROM MITARBEITER;
CREATE VIEW permission_groups AS SELECT 'BMD' AS name, '' AS description;
CREATE VIEW group_members AS SELECT 'BMD' AS group_name, 'clara' AS user_id;
CREATE VIEW group_functions AS SELECT 'BMD' AS group_name, 'sync-crm' AS function;
CREATE TABLE TEILNAHME (TNR INTEGER NOT NULL, MNR INTEGER NOT NULL);
CREATE VIEW appointment_participants AS SELECT TNR AS appointment_id, m.KUERZEL AS user_id FROM TEILNAHME JOIN MITARBEITER m USING (MNR);
CREATE TRIGGER teilnahme_neu INSTEAD OF INSERT ON appointment_participants BEGIN
	INSERT INTO TEILNAHME SELECT NEW.appointment_id, MNR FROM MITARBEITER WHERE KUERZEL = NEW.user_id;
END;
CREATE TRIGGER teilnahme_weg INSTEAD OF DELETE ON appointment_participants BEGIN
	DELETE FROM TEILNAHME WHERE TNR = OLD.appointment_id AND MNR = (SELECT MNR FROM MITARBEITER WHERE KUERZEL = OLD.user_id);
END;

CREATE TABLE TERMIN (TNR INTEGER PRIMARY KEY, MNR INTEGER NOT NULL, BETREFF TEXT, NOTIZ TEXT, ORT TEXT, VON TEXT, BIS TEXT,
	ZONE TEXT, GANZTAG INTEGER, VON_TAG TEXT, BIS_TAG TEXT, ANZEIGEN TEXT, PRIVAT INTEGER, WICHTIG TEXT, KATEGORIEN TEXT,
	ERINNERUNG INTEGER, REGEL TEXT, UID TEXT, ROLLE TEXT, ORGANISATOR TEXT, TEILNEHMER TEXT, INTERN TEXT DEFAULT 'nicht für andere');
CREATE VIEW appointments AS SELECT TNR AS id, m.KUERZEL AS user_id, BETREFF AS subject, NOTIZ AS body, ORT AS location,
	VON AS start_at, BIS AS end_at, ZONE AS time_zone, GANZTAG AS all_day, VON_TAG AS start_date, BIS_TAG AS end_date,
	ANZEIGEN AS busy, PRIVAT AS private, WICHTIG AS importance, KATEGORIEN AS categories, ERINNERUNG AS reminder_minutes,
	REGEL AS recurrence_rule, UID AS uid, ROLLE AS meeting_role, ORGANISATOR AS meeting_organizer, TEILNEHMER AS meeting_attendees
	FROM TERMIN JOIN MITARBEITER m USING (MNR);
CREATE TRIGGER appointments_neu INSTEAD OF INSERT ON appointments BEGIN
	INSERT INTO TERMIN (MNR, BETREFF, NOTIZ, ORT, VON, BIS, ZONE, GANZTAG, VON_TAG, BIS_TAG, ANZEIGEN, PRIVAT, WICHTIG,
		KATEGORIEN, ERINNERUNG, REGEL, UID, ROLLE, ORGANISATOR, TEILNEHMER)
	VALUES ((SELECT MNR FROM MITARBEITER WHERE KUERZEL = NEW.user_id), NEW.subject, NEW.body, NEW.location, NEW.start_at,
		NEW.end_at, NEW.time_zone, NEW.all_day, NEW.start_date, NEW.end_date, NEW.busy, NEW.private, NEW.importance,
		NEW.categories, NEW.reminder_minutes, NEW.recurrence_rule, NEW.uid, NEW.meeting_role, NEW.meeting_organizer,
		NEW.meeting_attendees);
END;
CREATE TRIGGER appointments_anders INSTEAD OF UPDATE ON appointments BEGIN
	UPDATE TERMIN SET MNR = (SELECT MNR FROM MITARBEITER WHERE KUERZEL = NEW.user_id), BETREFF = NEW.subject,
		NOTIZ = NEW.body, ORT = NEW.location, VON = NEW.start_at, BIS = NEW.end_at, ZONE = NEW.time_zone,
		GANZTAG = NEW.all_day, VON_TAG = NEW.start_date, BIS_TAG = NEW.end_date, ANZEIGEN = NEW.busy,
		PRIVAT = NEW.private, WICHTIG = NEW.importance, KATEGORIEN = NEW.categories, ERINNERUNG = NEW.reminder_minutes,
		REGEL = NEW.recurrence_rule, UID = NEW.uid, ROLLE = NEW.meeting_role, ORGANISATOR = NEW.meeting_organizer,
		TEILNEHMER = NEW.meeting_attendees
	WHERE TNR = OLD.id;
END;
CREATE TRIGGER appointments_weg INSTEAD OF DELETE ON appointments BEGIN
	DELETE FROM TERMIN WHERE TNR = OLD.id;
END;

-- No key and no index, and exceptions that outlive their series: what an owner may
-- do, too.
CREATE TABLE AUSNAHME (TNR INTEGER, AM TEXT, ENTFAELLT INTEGER, BETREFF TEXT, NOTIZ TEXT, ORT TEXT, VON TEXT, BIS TEXT,
	ZONE TEXT, GANZTAG INTEGER, VON_TAG TEXT, BIS_TAG TEXT, ANZEIGEN TEXT, PRIVAT INTEGER, WICHTIG TEXT, KATEGORIEN TEXT,
	ERINNERUNG INTEGER);
CREATE VIEW appointment_exceptions AS SELECT TNR AS appointment_id, AM AS original_start, ENTFAELLT AS deleted,
	BETREFF AS subject, NOTIZ AS body, ORT AS location, VON AS start_at, BIS AS end_at, ZONE AS time_zone,
	GANZTAG AS all_day, VON_TAG AS start_date, BIS_TAG AS end_date, ANZEIGEN AS busy, PRIVAT AS private,
	WICHTIG AS importance, KATEGORIEN AS categories, ERINNERUNG AS reminder_minutes FROM AUSNAHME;
CREATE TRIGGER ausnahmen_neu INSTEAD OF INSERT ON appointment_exceptions BEGIN
	INSERT INTO AUSNAHME VALUES (NEW.appointment_id, NEW.original_start, NEW.deleted, NEW.subject, NEW.body, NEW.location,
		NEW.start_at, NEW.end_at, NEW.time_zone, NEW.all_day, NEW.start_date, NEW.end_date, NEW.busy, NEW.private,
		NEW.importance, NEW.categories, NEW.reminder_minutes);
END;
CREATE TRIGGER ausnahmen_anders INSTEAD OF UPDATE ON appointment_exceptions BEGIN
	UPDATE AUSNAHME SET ENTFAELLT = NEW.deleted, BETREFF = NEW.subject, NOTIZ = NEW.body, ORT = NEW.location,
		VON = NEW.start_at, BIS = NEW.end_at, ZONE = NEW.time_zone, GANZTAG = NEW.all_day, VON_TAG = NEW.start_date,
		BIS_TAG = NEW.end_date, ANZEIGEN = NEW.busy, PRIVAT = NEW.private, WICHTIG = NEW.importance,
		KATEGORIEN = NEW.categories, ERINNERUNG = NEW.reminder_minutes
	WHERE TNR = OLD.appointment_id AND AM = OLD.original_start;
END;
CREATE TRIGGER ausnahmen_weg INSTEAD OF DELETE ON appointment_exceptions BEGIN
	DELETE FROM AUSNAHME WHERE TNR = OLD.appointment_id AND AM = OLD.original_start;
END;

CREATE TABLE AUFGABE (ANR INTEGER PRIMARY KEY, WER TEXT NOT NULL, BETREFF TEXT, NOTIZ TEXT, VON TEXT, BIS TEXT, STATUS TEXT,
	PROZENT INTEGER, FERTIG TEXT, PRIVAT INTEGER, WICHTIG TEXT, KATEGORIEN TEXT, ERINNERUNG TEXT, REGEL TEXT, UID TEXT, REGEL_AB TEXT);
CREATE VIEW tasks AS SELECT ANR AS id, WER AS user_id, BETREFF AS subject, NOTIZ AS body, VON AS start_date, BIS AS due_date,
	STATUS AS status, PROZENT AS percent, FERTIG AS completed_on, PRIVAT AS private, WICHTIG AS importance,
	KATEGORIEN AS categories, ERINNERUNG AS reminder_at, REGEL AS recurrence_rule, UID AS uid, REGEL_AB AS recurrence_start FROM AUFGABE;
CREATE TRIGGER tasks_neu INSTEAD OF INSERT ON tasks BEGIN
	INSERT INTO AUFGABE (WER, BETREFF, NOTIZ, VON, BIS, STATUS, PROZENT, FERTIG, PRIVAT, WICHTIG, KATEGORIEN, ERINNERUNG, REGEL, UID, REGEL_AB)
	VALUES (NEW.user_id, NEW.subject, NEW.body, NEW.start_date, NEW.due_date, NEW.status, NEW.percent, NEW.completed_on,
		NEW.private, NEW.importance, NEW.categories, NEW.reminder_at, NEW.recurrence_rule, NEW.uid, NEW.recurrence_start);
END;
CREATE TRIGGER tasks_anders INSTEAD OF UPDATE ON tasks BEGIN
	UPDATE AUFGABE SET WER = NEW.user_id, BETREFF = NEW.subject, NOTIZ = NEW.body, VON = NEW.start_date, BIS = NEW.due_date,
		STATUS = NEW.status, PROZENT = NEW.percent, FERTIG = NEW.completed_on, PRIVAT = NEW.private,
		WICHTIG = NEW.importance, KATEGORIEN = NEW.categories, ERINNERUNG = NEW.reminder_at,
		REGEL = NEW.recurrence_rule, UID = NEW.uid, REGEL_AB = NEW.recurrence_start
	WHERE ANR = OLD.id;
END;
CREATE TRIGGER tasks_weg INSTEAD OF DELETE ON tasks BEGIN
	DELETE FROM AUFGABE WHERE ANR = OLD.id;
END;
