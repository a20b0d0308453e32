package api_test

import (
	"context"
	"sync"

	"abgleich/agent/params"
	"abgleich/agent/vault"
)

// settings are a real parameter file and secrets in memory.
type settings struct {
	*params.File
	mu      sync.Mutex
	secrets map[string]vault.Secret
	applied int
}

func (*settings) SecretKeys() []string { return []string{"service.password"} }

func (s *settings) SetSecret(_ context.Context, key string, v vault.Secret) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.secrets[key] = v
	return nil
}

func (s *settings) HasSecret(_ context.Context, key string) (bool, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	_, ok := s.secrets[key]
	return ok, nil
}

func (s *settings) Apply(context.Context) (bool, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.applied++
	return true, nil
}
