package api

import (
	"context"

	"connectrpc.com/connect"
	"github.com/sirupsen/logrus"

	"abgleich/agent/fault"
	"abgleich/agent/logbook"
	"abgleich/ipc/contract"
)

// mostLines is how many log lines one message carries.
const mostLines = 500

// ReadLog sends log lines: a user's error log to the user and administrators, the
// service log to administrators.
func (s *server) ReadLog(ctx context.Context, r *connect.Request[contract.ReadLogRequest], out *connect.ServerStream[contract.ReadLogResponse]) error {
	q, err := s.logQuery(ctx, r.Msg)
	if err != nil {
		return err
	}
	// Follow first: a line logged between tail and follow would be missed.
	var follow <-chan logbook.Line
	if r.Msg.GetFollow() {
		follow = s.Logs.Follow(ctx, q)
	}
	lines, err := s.Logs.Tail(ctx, q, min(max(int(r.Msg.GetLines()), 1), 10_000))
	if err != nil {
		return err
	}
	for len(lines) > 0 {
		n := min(len(lines), mostLines)
		if err := out.Send(&contract.ReadLogResponse{Lines: texts(lines[:n])}); err != nil {
			return err
		}
		lines = lines[n:]
	}
	stopping := s.Stopping(ctx)
	for follow != nil {
		select {
		case <-stopping:
			return nil
		case l, ok := <-follow:
			if !ok {
				return nil
			}
			if err := out.Send(&contract.ReadLogResponse{Lines: []string{l.String()}}); err != nil {
				return err
			}
		}
	}
	return nil
}

func (s *server) logQuery(ctx context.Context, m *contract.ReadLogRequest) (logbook.Query, error) {
	var q logbook.Query
	if m.GetLevel() != "" {
		l, err := logrus.ParseLevel(m.GetLevel())
		if err != nil {
			return q, fault.New(fault.BadRequest, "api.ReadLog", m.GetLevel(), err)
		}
		q.Level = l
	}
	if m.GetService() {
		_, err := s.administrator(ctx)
		q.User = m.GetUser()
		return q, err
	}
	_, user, err := s.subject(ctx, m.GetUser())
	q.User, q.ErrorsOf = string(user), true
	return q, err
}

func texts(lines []logbook.Line) []string {
	out := make([]string, len(lines))
	for i, l := range lines {
		out[i] = l.String()
	}
	return out
}
