-- +goose Up
-- What of a user travels, for each kind: engine.Options as JSON; '' where the
-- parameters hold.
CREATE TABLE options (
  user         TEXT PRIMARY KEY,
  appointments TEXT NOT NULL,
  tasks        TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- By which options everything in the inbox and every pair was decided.
ALTER TABLE syncs ADD COLUMN options TEXT NOT NULL DEFAULT '';

-- The side (1 business, 2 Exchange) with whose item the pair began, the other one
-- being made of it; 0 where both were there, or nobody knows.
ALTER TABLE pairs ADD COLUMN origin INTEGER NOT NULL DEFAULT 0;
