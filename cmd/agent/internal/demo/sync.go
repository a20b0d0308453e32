package demo

import (
	"context"
	"errors"
	"time"

	"connectrpc.com/connect"

	"abgleich/cmd/agent/internal/client"
	"abgleich/ipc/contract"
)

// verifyAndSave checks and stores every user's login, as the credentials page
// does, and tells when the first was stored: then the first sync begins.
func (w *world) verifyAndSave(ctx context.Context, r *Result) (began time.Time, err error) {
	w.screen.Chapter(ChapterVerify)
	for i, u := range w.users {
		sealed, err := w.client.Seal(ctx, u.secret)
		if err != nil {
			return began, err
		}
		ok, err := w.verify(ctx, u, sealed, i == 0)
		if err != nil {
			return began, err
		}
		w.screen.Verified(u.login, ok)
		if !ok {
			return began, nil
		}
		m := &contract.SaveCredentialsRequest{User: string(u.id), Sync: true, Appointments: true, Tasks: true, Login: u.login, SealedPassword: sealed}
		if i == 0 {
			// Whoever names nobody speaks for himself: a tray opened beside the demo
			// shows this user.
			m.User = ""
		}
		if began.IsZero() {
			began = time.Now()
		}
		if _, err := client.Ask(ctx, w.client.SaveCredentials, m); err != nil {
			return began, err
		}
	}
	r.Verified = true
	return began, nil
}

// verify runs the staged check; every stage is shown, or only what is not fine.
func (w *world) verify(ctx context.Context, u *user, sealed []byte, every bool) (bool, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	s, err := w.client.VerifyCredentials(ctx, connect.NewRequest(&contract.VerifyCredentialsRequest{
		User: string(u.id), Login: u.login, SealedPassword: sealed}))
	if err != nil {
		return false, err
	}
	defer s.Close()
	for s.Receive() {
		m := s.Msg()
		if m.GetDone() {
			return m.GetOk() && m.GetUser() == string(u.id), nil
		}
		switch st := m.GetStage(); st.GetState() {
		case contract.StageState_STAGE_STATE_WARNING, contract.StageState_STAGE_STATE_FAILED:
			w.screen.Stage(st)
		case contract.StageState_STAGE_STATE_OK, contract.StageState_STAGE_STATE_SKIPPED:
			if every {
				w.screen.Stage(st)
			}
		}
	}
	if err := s.Err(); err != nil {
		return false, err
	}
	return false, errors.New("the check was cut off")
}

// firstSync watches it to its end and measures it.
func (w *world) firstSync(ctx context.Context, r *Result, began time.Time) error {
	w.screen.Chapter(ChapterFirstSync)
	var ended time.Time
	var last map[string]*contract.UserStatus
	confirmed := map[*user]time.Time{}
	err := w.status.wait(ctx, "first sync", func(users map[string]*contract.UserStatus) (bool, error) {
		last = users
		all := true
		for _, u := range w.users {
			s := users[string(u.id)]
			if s == nil {
				return false, nil
			}
			w.screen.Progress(s)
			if s.GetHolds() > 0 {
				if err := w.confirmHolds(ctx, u, confirmed); err != nil {
					return false, err
				}
			}
			done, at := u.synced(s, confirmed[u])
			all = all && done && s.GetHolds() == 0
			if at.After(ended) {
				ended = at
			}
		}
		return all, nil
	})
	w.screen.ProgressEnds()
	if err != nil {
		return err
	}
	f := &r.FirstSync
	for _, u := range w.users {
		for _, k := range last[string(u.id)].GetKinds() {
			if k.GetKind() == contract.Kind_KIND_APPOINTMENT {
				f.Appointments += int(k.GetPairs())
			} else {
				f.Tasks += int(k.GetPairs())
			}
		}
	}
	f.Seconds = ended.Sub(began).Seconds()
	if f.Seconds > 0 {
		f.ItemsPerSecond = float64(f.Appointments+f.Tasks) / f.Seconds
	}
	w.screen.Chapter(ChapterFirstDone, *f)
	return nil
}

// confirmHolds is what a person does with the guard's question: two full sides that
// have little in common are only made the same when somebody says so.
func (w *world) confirmHolds(ctx context.Context, u *user, confirmed map[*user]time.Time) error {
	r, err := client.Ask(ctx, w.client.ListHolds, &contract.ListHoldsRequest{User: string(u.id)})
	if err != nil {
		return err
	}
	for _, h := range r.GetHolds() {
		asked := time.Now()
		_, err := client.Ask(ctx, w.client.ResolveHold, &contract.ResolveHoldRequest{Id: h.GetId(), Confirm: true})
		if err != nil {
			return err
		}
		confirmed[u] = asked
		w.screen.Chapter(ChapterHold, u.name, h)
	}
	if len(r.GetHolds()) == 0 {
		return nil
	}
	// Both kinds are to be complete after the answer, the one that asked nothing too.
	_, err = client.Ask(ctx, w.client.SyncNow, &contract.SyncNowRequest{User: string(u.id)})
	return err
}

// quietRun settles what the edits left behind, then runs everybody once more and
// counts what was written anywhere.
func (w *world) quietRun(ctx context.Context, r *Result) error {
	w.screen.Chapter(ChapterQuiet)
	if err := w.runAll(ctx); err != nil {
		return err
	}
	before, err := w.writes(ctx)
	if err != nil {
		return err
	}
	if err := w.runAll(ctx); err != nil {
		return err
	}
	after, err := w.writes(ctx)
	r.QuietRun.Writes = after - before
	return err
}

// runAll asks for a run of everybody and waits until each is complete.
func (w *world) runAll(ctx context.Context) error {
	// A run that began before is none that was asked for: wait for rest first.
	if err := w.status.wait(ctx, "rest", w.allSynced(time.Time{})); err != nil {
		return err
	}
	asked := time.Now()
	for _, u := range w.users {
		if _, err := client.Ask(ctx, w.client.SyncNow, &contract.SyncNowRequest{User: string(u.id)}); err != nil {
			return err
		}
	}
	return w.status.wait(ctx, "quiet run", w.allSynced(asked))
}

// writes counts what was ever written: requests the mailboxes took, and revisions
// the business database gave.
func (w *world) writes(ctx context.Context) (int64, error) {
	var n int64
	items := w.sim.Stats().Items
	requests := w.sim.Stats().Requests
	for _, op := range []string{"CreateItem", "UpdateItem", "DeleteItem", "MoveItem", "CopyItem"} {
		n += items[op]
	}
	for _, op := range []string{"CreateFolder", "UpdateFolder", "DeleteFolder"} {
		n += requests[op]
	}
	var revision int64
	err := w.erp.QueryRowContext(ctx, `SELECT COALESCE(max(revision), 0) FROM changes`).Scan(&revision)
	return n + revision, err
}
