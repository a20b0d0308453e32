package credentials_test

import (
	"path/filepath"
	"sync"
	"testing"
	"time"

	"abgleich/agent/credentials"
	"abgleich/agent/fault"
	"abgleich/agent/store"
	"abgleich/agent/vault"
)

// desk is a book on a real store, with a clock that only moves when told.
type desk struct {
	*testing.T
	*credentials.Book
	folder  string
	store   *store.Store
	vault   *vault.Vault
	memory  bool
	at      time.Time
	mu      sync.Mutex
	guarded []string
}

func newDesk(t *testing.T, inMemory bool) *desk {
	d := &desk{T: t, folder: t.TempDir(), memory: inMemory, at: time.Date(2027, 3, 1, 8, 0, 0, 0, time.UTC)}
	d.open()
	t.Cleanup(func() { d.must(d.store.Close()) })
	return d
}

func (d *desk) open() {
	d.Helper()
	var err error
	d.store, err = store.Open(d.Context(), filepath.Join(d.folder, "agent.db"), store.Options{Now: d.now, Volatile: true})
	d.must(err)
	d.vault, err = vault.Open(vault.Options{Folder: d.folder, Create: true})
	d.must(err)
	d.Book = credentials.New(credentials.Options{Store: d.store, Vault: d.vault, InMemory: d.memory, Now: d.now,
		Guard: d.guard})
}

// restart is the end of the agent and its next start.
func (d *desk) restart() {
	d.Helper()
	d.must(d.store.Close())
	d.open()
}

func (d *desk) guard(s vault.Secret) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.guarded = append(d.guarded, s.Reveal())
}

func (d *desk) now() time.Time { return d.at }

func (d *desk) must(err error) {
	d.Helper()
	if err != nil {
		d.Fatal(err)
	}
}

func (d *desk) code(err error, want fault.Code) {
	d.Helper()
	if got := fault.CodeOf(err); got != want {
		d.Fatalf("got %q (%v), want %q", got, err, want)
	}
}

func secret(s string) *vault.Secret { v := vault.NewSecret(s); return &v }

func login(name, password string) credentials.Login {
	return credentials.Login{Name: name, Secret: vault.NewSecret(password)}
}

func (d *desk) save(password string) credentials.View {
	d.Helper()
	v, err := d.Save(d.Context(), credentials.Settings{User: anna, Sync: true, Appointments: true, Tasks: true, Login: `LAB\anna`}, secret(password))
	d.must(err)
	return v
}

func (d *desk) view() credentials.View {
	d.Helper()
	v, err := d.View(d.Context(), anna)
	d.must(err)
	return v
}

const right, wrong = "Correct-Horse", "Battery-Staple"
