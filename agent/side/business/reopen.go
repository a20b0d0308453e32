package business

import "context"

// reopen follows a file that was replaced, as a restored backup is: the old
// connections would go on reading and writing a file that has no name any more.
func (d *Database) reopen(ctx context.Context) error {
	own := ownFile
	if d.cfg.Foreign {
		own = foreignFile
	}
	p, err := openPools(ctx, d.path, own)
	if err != nil {
		return err
	}
	if d.cfg.Foreign {
		_, err = checkSchema(ctx, p.read)
	} else {
		err = migrate(ctx, p.write)
	}
	if err != nil {
		_ = p.close()
		return err
	}
	return d.main.Swap(p).close()
}
