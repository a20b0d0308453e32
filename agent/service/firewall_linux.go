package service

import "context"

// OpenFirewall does nothing.
func (*manager) OpenFirewall(context.Context, FirewallRule) error { return nil }

// CloseFirewall does nothing.
func (*manager) CloseFirewall(context.Context) error { return nil }
