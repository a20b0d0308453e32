package api

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"connectrpc.com/connect"

	"abgleich/agent/fault"
	"abgleich/agent/params"
	"abgleich/agent/vault"
	"abgleich/ipc/contract"
)

// secretSet is what a secret parameter shows in place of its value.
const secretSet = "set"

// GetParameters gives the parameters in force, secrets only as "set".
// Administrators only.
func (s *server) GetParameters(ctx context.Context, _ *connect.Request[contract.GetParametersRequest]) (*connect.Response[contract.GetParametersResponse], error) {
	if _, err := s.administrator(ctx); err != nil {
		return nil, err
	}
	p, etag, err := s.Settings.Load()
	if err != nil {
		return nil, err
	}
	out := &contract.GetParametersResponse{Etag: string(etag)}
	standard := s.Settings.Default()
	for _, f := range params.Describe() {
		for _, key := range keysOf(f.Key, p) {
			v, err := params.Get(p, key)
			if err != nil {
				return nil, err
			}
			m := &contract.Parameter{Key: key, Value: v, Unit: f.Unit, Allowed: allowed(f), Form: string(f.Kind),
				Help: map[string]string{string(params.German): f.DE, string(params.English): f.EN}}
			// An alias has no default of its own.
			if d, err := params.Get(standard, key); err == nil {
				m.DefaultValue = d
			}
			out.Parameters = append(out.Parameters, m)
		}
	}
	for _, key := range s.Settings.SecretKeys() {
		has, err := s.Settings.HasSecret(ctx, key)
		if err != nil {
			return nil, err
		}
		m := &contract.Parameter{Key: key, Secret: true}
		if has {
			m.Value = secretSet
		}
		out.Parameters = append(out.Parameters, m)
	}
	return connect.NewResponse(out), nil
}

// keysOf replaces the star in "databases.*.dsn" by every alias there is.
func keysOf(key string, p params.Params) []string {
	before, after, ok := strings.Cut(key, "*")
	if !ok {
		return []string{key}
	}
	var out []string
	for alias := range p.Databases {
		out = append(out, before+alias+after)
	}
	slices.Sort(out)
	return out
}

func allowed(f params.Field) []string {
	switch f.Kind {
	case params.YesNo:
		return []string{"true", "false"}
	case params.Number:
		return []string{strconv.Itoa(f.Min), strconv.Itoa(f.Max)}
	}
	return f.Choices
}

// SetParameters changes parameters: all or none, and only on top of the state the
// caller saw. Administrators only; who changed what from which value to which is
// recorded, of secrets only that they were changed.
func (s *server) SetParameters(ctx context.Context, r *connect.Request[contract.SetParametersRequest]) (*connect.Response[contract.SetParametersResponse], error) {
	c, err := s.administrator(ctx)
	if err != nil {
		return nil, err
	}
	var changes []params.Change
	for k, v := range r.Msg.GetValues() {
		changes = append(changes, params.Change{Key: k, Value: v})
	}
	slices.SortFunc(changes, func(a, b params.Change) int { return strings.Compare(a.Key, b.Key) })
	if r.Msg.GetCheckOnly() {
		return s.checkParameters(changes)
	}
	// Everything that can be wrong is looked at before anything is changed.
	secrets, err := s.secrets(c, r.Msg.GetSealedValues())
	if err != nil {
		return nil, err
	}
	before, etag, err := s.Settings.Load()
	if err != nil {
		return nil, err
	}
	based := params.Etag(r.Msg.GetEtag())
	if based != "" && based != etag {
		return nil, fault.New(fault.ParametersChanged, "api.SetParameters", "", nil)
	}
	after := before
	if len(changes) > 0 {
		if after, etag, err = s.Settings.Change(based, changes...); err != nil {
			return nil, err
		}
	}
	told := differences(before, after)
	for key, secret := range secrets {
		if err := s.Settings.SetSecret(ctx, key, secret); err != nil {
			return nil, err
		}
		told = append(told, key)
	}
	for _, what := range told {
		err = errors.Join(err, s.record(ctx, c, "changed parameter", what))
	}
	_, applied := s.Settings.Apply(ctx)
	if err = errors.Join(err, applied); err != nil {
		return nil, err
	}
	return connect.NewResponse(&contract.SetParametersResponse{Etag: string(etag)}), nil
}

// differences tells each changed parameter with its value before and after.
func differences(before, after params.Params) (out []string) {
	for _, d := range params.Differences(before, after) {
		out = append(out, fmt.Sprintf("%s: %q -> %q", d.Key, d.Old, d.New))
	}
	return out
}

// checkParameters tells what is wrong with values that are still being typed.
func (s *server) checkParameters(changes []params.Change) (*connect.Response[contract.SetParametersResponse], error) {
	mistakes, err := s.Settings.Check(changes...)
	if err != nil {
		return nil, err
	}
	out := &contract.SetParametersResponse{}
	for _, m := range mistakes {
		out.Mistakes = append(out.Mistakes, &contract.ParameterMistake{Key: m.Key, Reason: string(m.Reason), Allowed: m.Allowed})
	}
	return connect.NewResponse(out), nil
}

// SendTestNotice sends a mail to the message recipient at once. Administrators only.
func (s *server) SendTestNotice(ctx context.Context, _ *connect.Request[contract.SendTestNoticeRequest]) (*connect.Response[contract.SendTestNoticeResponse], error) {
	c, err := s.administrator(ctx)
	if err != nil {
		return nil, err
	}
	p, _, err := s.Settings.Load()
	if err != nil {
		return nil, err
	}
	if err := s.TestNotice(ctx); err != nil {
		return nil, err
	}
	if err := s.record(ctx, c, "sent test notice", ""); err != nil {
		return nil, err
	}
	return connect.NewResponse(&contract.SendTestNoticeResponse{Recipient: p.Notice.Recipient, By: string(p.Notice.By)}), nil
}

// secrets opens the sealed parameters of a call.
func (s *server) secrets(c caller, sealed map[string][]byte) (map[string]vault.Secret, error) {
	secrets := map[string]vault.Secret{}
	for key, b := range sealed {
		if !slices.Contains(s.Settings.SecretKeys(), key) {
			return nil, fault.New(fault.ParameterUnknown, "api.SetParameters", key, nil)
		}
		secret, err := s.Vault.Open(c.ID, b)
		if err != nil {
			return nil, err
		}
		secrets[key] = secret
	}
	return secrets, nil
}
