-- +goose Up
-- The side (1 business, 2 Exchange) whose item of the pair we made and no feed has
-- named since; 0 once one has. A feed is silent about what came and went between
-- two readings.
ALTER TABLE pairs ADD COLUMN made INTEGER NOT NULL DEFAULT 0;
CREATE INDEX pairs_made ON pairs (sync, made) WHERE made <> 0;
