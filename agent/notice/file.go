package notice

import (
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"abgleich/agent/fault"
)

// message is a mail that waits to be sent. It is put into words when it is, in the
// language that holds then.
type message struct {
	about
	// Over tells that the trouble has ended.
	Over bool `json:"over,omitempty"`
	// Cause says more of a trouble of the service itself.
	Cause fault.Code `json:"cause,omitempty"`
	// Lost tells that it was handed over once already, and the answer was lost.
	Lost  bool      `json:"lost,omitempty"`
	Since time.Time `json:"since"`
	Ended time.Time `json:"ended"`
	Names []string  `json:"names,omitempty"`
}

// state is what outlives a restart.
type state struct {
	Version  int        `json:"version"`
	Troubles []*trouble `json:"troubles"`
	Waiting  []message  `json:"waiting"`
	// Running is when the service began to run; zero when it ended as it should.
	Running time.Time `json:"running,omitzero"`
	// Summed is when a summary was last thought of; zero for never.
	Summed time.Time `json:"summed,omitzero"`
}

const stateVersion = 1

// read gives the state of the last life; an empty one when there is no file.
func read(path string) (state, error) {
	s := state{Version: stateVersion}
	b, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return s, nil
	}
	if err != nil {
		return s, err
	}
	var kept state
	if err := json.Unmarshal(b, &kept); err != nil {
		return s, err
	}
	if kept.Version != stateVersion {
		return s, errors.New("written by another version")
	}
	for _, t := range kept.Troubles {
		if t != nil {
			s.Troubles = append(s.Troubles, t)
		}
	}
	s.Running, s.Summed = kept.Running, kept.Summed
	s.Waiting = kept.Waiting[max(0, len(kept.Waiting)-MaxWaiting):]
	return s, nil
}

// write replaces the file: a reader sees the old or the new one.
func (s state) write(path string) error {
	b, err := json.MarshalIndent(s, "", "  ")
	if err != nil {
		return err
	}
	t, err := os.CreateTemp(filepath.Dir(path), ".notices-*.json") // mode 0600
	if err != nil {
		return err
	}
	defer os.Remove(t.Name()) //nolint:errcheck // it has its new name by then
	_, err = t.Write(append(b, '\n'))
	if err = errors.Join(err, t.Sync(), t.Close()); err != nil {
		return err
	}
	return os.Rename(t.Name(), path)
}
