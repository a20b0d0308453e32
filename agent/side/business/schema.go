package business

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"strings"

	"github.com/pressly/goose/v3"

	"abgleich/agent/fault"
)

//go:embed migrations/*.sql
var migrationFiles embed.FS

// Missing lists what a database lacks of the contract: relations as "table",
// columns as "table.column", in the contract's order.
type Missing []string

// Error names all of it.
func (m Missing) Error() string { return "missing: " + strings.Join(m, ", ") }

// checkSchema looks whether a foreign database offers the contract, and tells
// which relations are views. It only reads.
func checkSchema(ctx context.Context, db *sql.DB) (map[string]bool, error) {
	views := map[string]bool{}
	var missing Missing
	for _, r := range contract() {
		var kind string
		err := db.QueryRowContext(ctx,
			`SELECT type FROM sqlite_schema WHERE name = ? COLLATE NOCASE AND type IN ('table','view')`, r.name).Scan(&kind)
		if errors.Is(err, sql.ErrNoRows) {
			missing = append(missing, r.name)
			continue
		}
		if err != nil {
			return nil, err
		}
		views[r.name] = kind == "view"
		has, err := columnsOf(ctx, db, r.name)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", r.name, err)
		}
		for _, c := range r.columns {
			if !has[c] {
				missing = append(missing, r.name+"."+c)
			}
		}
	}
	if len(missing) > 0 {
		return nil, fault.New(fault.SchemaIncomplete, "business.checkSchema", "", missing)
	}
	return views, nil
}

func columnsOf(ctx context.Context, db *sql.DB, name string) (map[string]bool, error) {
	rows, err := db.QueryContext(ctx, `SELECT lower(name) FROM pragma_table_xinfo(?)`, name)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	has := map[string]bool{}
	for rows.Next() {
		var c string
		if err := rows.Scan(&c); err != nil {
			return nil, err
		}
		has[c] = true
	}
	return has, rows.Err()
}

// migrate brings an embedded database to the newest schema. It refuses a file that
// holds tables of somebody else: that one must be opened as foreign.
func migrate(ctx context.Context, db *sql.DB) error {
	const op = "business.migrate"
	var all, ours int
	err := db.QueryRowContext(ctx,
		`SELECT count(*), coalesce(sum(name = 'goose_db_version'), 0) FROM sqlite_schema WHERE type = 'table'`).Scan(&all, &ours)
	if err != nil {
		return err
	}
	if all > 0 && ours == 0 {
		return fault.New(fault.SchemaIncomplete, op, "",
			errors.New("the file holds another program's tables: open it as a foreign database"))
	}
	files, err := fs.Sub(migrationFiles, "migrations")
	if err != nil {
		return err
	}
	g, err := goose.NewProvider(goose.DialectSQLite3, db, files, goose.WithDisableGlobalRegistry(true))
	if err != nil {
		return err
	}
	current, target, err := g.GetVersions(ctx)
	if err != nil {
		return err
	}
	if current > target {
		return fault.New(fault.StoreNewer, op, "",
			fmt.Errorf("schema %d was made by a newer version; this one knows %d", current, target))
	}
	_, err = g.Up(ctx)
	return err
}
