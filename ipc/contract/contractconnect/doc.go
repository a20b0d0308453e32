// Package contractconnect holds the Connect client and handler generated from
// ipc/contract/abgleich.proto (make generate). It must not be edited by hand and
// knows nothing of pipes or permissions.
package contractconnect
