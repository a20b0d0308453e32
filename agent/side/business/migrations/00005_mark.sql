-- Who writes this database, and where it stood: a copy shows by it. The same table
-- stands in the key store beside a foreign database.

-- +goose Up
CREATE TABLE IF NOT EXISTS home (
	only_row     INTEGER PRIMARY KEY CHECK (only_row = 1),
	installation TEXT NOT NULL,
	place        TEXT NOT NULL
);
