-- +goose Up
-- A person left the item of a problem alone. Its inbox rows rest, blocked, until
-- the item is edited.
ALTER TABLE problems ADD COLUMN ignored INTEGER NOT NULL DEFAULT 0;
ALTER TABLE inbox    ADD COLUMN ignored INTEGER NOT NULL DEFAULT 0;
